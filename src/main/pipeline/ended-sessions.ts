/** Ids of sessions that are over before their seal is: who shows one again is told so, also after a restart. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { readPrivateFile, writePrivateFile } from '../support/private-file.ts';
import type { Logger } from '../ports.ts';

const MAX_IDS = 100_000;
const LINE = /^(\d{1,16}) (\S{1,200})$/;

export interface EndedSessionsFile {
  readonly path: string;
  readonly log: Logger;
  /** Beyond that the oldest are forgotten, and each is good again until its age is over. */
  readonly maxIds?: number;
}

/** Without a file: in memory only. The file holds ids and times, nothing that opens a session; only one process may use it. */
export class EndedSessions {
  readonly #file: EndedSessionsFile | undefined;
  readonly #maxIds: number;
  /** Id → until when its seal could still be shown, epoch ms. */
  readonly #until: Map<string, number>;
  #lineCount = 0;
  #handle: number | undefined;
  #isBroken = false;

  constructor(file?: EndedSessionsFile) {
    this.#file = file;
    this.#maxIds = file?.maxIds ?? MAX_IDS;
    this.#until = file === undefined ? new Map() : this.#read(file);
  }

  has(id: string): boolean {
    return this.#until.has(id);
  }

  /** Written before it returns, so that no kill of the process takes it back. */
  add(id: string, untilMs: number): void {
    this.#until.set(id, untilMs);
    if (this.#until.size > this.#maxIds) this.#until.delete(this.#until.keys().next().value as string);
    if (this.#file !== undefined) this.#write(this.#file, `${Math.ceil(untilMs)} ${id}\n`);
  }

  /** Forgets those whose seal nobody takes any more. */
  forget(nowMs: number): void {
    for (const [id, until] of this.#until) if (until < nowMs) this.#until.delete(id);
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }

  #write(file: EndedSessionsFile, line: string): void {
    try {
      if (this.#lineCount >= 2 * this.#maxIds) this.#rewrite(file);
      else this.#append(file, line);
      this.#isBroken = false;
    } catch (error) {
      if (!this.#isBroken)
        file.log.error('An ended session could not be written down; its id is good again after a restart', {
          path: file.path,
          error: String(error),
        });
      this.#isBroken = true;
    }
  }

  #append({ path }: EndedSessionsFile, line: string): void {
    this.#handle ??= openSync(path, 'a', 0o600);
    writeSync(this.#handle, line);
    this.#lineCount += 1;
  }

  #rewrite({ path }: EndedSessionsFile): void {
    this.close();
    writePrivateFile(path, [...this.#until].map(([id, until]) => `${Math.ceil(until)} ${id}\n`).join(''));
    this.#lineCount = this.#until.size;
  }

  #read({ path, log }: EndedSessionsFile): Map<string, number> {
    try {
      // A line that a crash cut off belongs to a session whose end nobody was told.
      const lines = (readPrivateFile(path) ?? '').split('\n').map(line => LINE.exec(line));
      this.#lineCount = lines.length;
      return new Map(
        lines.flatMap(match => (match === null ? [] : [[match[2] as string, Number(match[1])] as const])).slice(-this.#maxIds),
      );
    } catch (error) {
      log.error('The ended sessions cannot be read; their ids are good again until their age is over', { path, error: String(error) });
      return new Map();
    }
  }
}
