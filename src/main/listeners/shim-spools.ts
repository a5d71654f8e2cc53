/** Takes in the spool files of shims that are gone: what they could not bring to a hub while they lived. */
import { createReadStream } from 'node:fs';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Logger } from '../ports.ts';
import { decodeFrame } from '../../shared/shim/frame-coding.ts';
import { readSpoolHeader } from '../../shared/shim/json-message.ts';
import { DamagedStreamError, MessageReader, type Message } from '../../shared/shim/message-coding.ts';
import { messageType, type SpoolHeader } from '../../shared/shim/protocol.ts';
import type { ShimIntake } from './shim-intake.ts';
import type { ShimIntakes } from './shim-intakes.ts';
import { isShimAlive } from './shim-owner.ts';

const maxWaitingBytes = 4 * 1024 * 1024;
/** A store that commits nothing for so long has a problem; the file stays for the next look. */
const commitWithinMs = 30_000;
const suffix = '.spool';

/** Why a session without a last frame is over. */
export const shimKilled = 'the shim was killed';

export interface ShimSpoolsDeps {
  readonly spoolDir: string;
  readonly intakes: ShimIntakes;
  readonly log: Logger;
  readonly lookEveryMs: number;
}

export class ShimSpools {
  readonly #deps: ShimSpoolsDeps;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> | undefined;
  #isLookWanted = false;
  /** Names that were said to be no files; only those that are still there. */
  #oddNames = new Set<string>();

  constructor(deps: ShimSpoolsDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.look(), deps.lookEveryMs).unref();
  }

  /** Takes in what orphans there are. Never rejects. */
  look(): Promise<void> {
    this.#isLookWanted = true;
    return (this.#looking ??= this.#lookWhileWanted().finally(() => (this.#looking = undefined)));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#looking;
  }

  async #lookWhileWanted(): Promise<void> {
    while (this.#isLookWanted && !this.#stop.signal.aborted) {
      this.#isLookWanted = false;
      const names = await readdir(this.#deps.spoolDir).catch(() => []);
      this.#oddNames = new Set(names.filter(one => this.#oddNames.has(one)));
      for (const name of names.filter(one => one.endsWith(suffix))) {
        if (this.#stop.signal.aborted) return;
        const sessionId = name.slice(0, -suffix.length);
        // A connection may still hold frames of it that were not read.
        if (this.#deps.intakes.isHeld(sessionId)) continue;
        try {
          if (await this.#isFile(name)) await this.#takeIn(join(this.#deps.spoolDir, name), sessionId);
        } catch (error) {
          if (!this.#stop.signal.aborted)
            this.#deps.log.error('A spool file could not be taken in', { sessionId, error: (error as Error).message });
        }
      }
    }
  }

  /** To open a named pipe waits for its writer for ever, and a link may lead anywhere: shims make regular files only. */
  async #isFile(name: string): Promise<boolean> {
    const facts = await lstat(join(this.#deps.spoolDir, name));
    if (!facts.isFile() && !this.#oddNames.has(name)) {
      this.#oddNames.add(name);
      this.#deps.log.warn('What is no regular file in the spool directory is left alone', { name });
    }
    return facts.isFile();
  }

  async #takeIn(path: string, sessionId: string): Promise<void> {
    const { intakes, log } = this.#deps;
    const messages = readMessages(path, this.#stop.signal);
    let intake: ShimIntake | undefined;
    let isDamaged = false;
    try {
      const header = await firstHeader(messages);
      if (header === undefined || header.session.id !== sessionId) {
        log.warn('A spool file without a header of its own is set aside', { sessionId });
        await rename(path, `${path}.damaged`);
        return;
      }
      if (isShimAlive(header.session)) return;
      intake = await intakes.acquire(header.session, true);
      try {
        for await (const { type, payload } of messages) {
          const frame = type === messageType.frame ? decodeFrame(payload) : undefined;
          if (frame !== undefined) intake.take(frame);
          const room = intakes.room();
          if (room !== undefined) await room;
          if (intake.waitingBytes > maxWaitingBytes)
            await this.#untilCommitted(intake, () => (intake as ShimIntake).waitingBytes < maxWaitingBytes / 2);
        }
      } catch (error) {
        if (!(error instanceof DamagedStreamError)) throw error;
        isDamaged = true;
      }
      if (!intake.isOver) intake.interrupt(shimKilled);
      const { lastSeq } = intake;
      const taken = intake;
      await this.#untilCommitted(intake, () => taken.committedSeq >= lastSeq);
      log.info('A spool file was taken in', { sessionId, lastSeq, isDamaged });
      // What is damaged is set aside, never deleted.
      if (isDamaged) await rename(path, `${path}.damaged`);
      else await rm(path, { force: true });
    } finally {
      await messages.return(undefined);
      if (intake !== undefined) intakes.release(intake);
    }
  }

  #untilCommitted(intake: ShimIntake, isReached: () => boolean): Promise<void> {
    if (isReached()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = (error?: Error): void => {
        clearTimeout(late);
        stopListening();
        this.#stop.signal.removeEventListener('abort', aborted);
        if (error === undefined) resolve();
        else reject(error);
      };
      const aborted = (): void => done(new Error('the hub closes'));
      const late = setTimeout(() => done(new Error('the store committed nothing')), commitWithinMs);
      const stopListening = intake.onCommitted(() => {
        late.refresh();
        if (isReached()) done();
      });
      this.#stop.signal.addEventListener('abort', aborted);
    });
  }
}

/** Messages as they stand in the file. A last one that was not wholly written is left out: its shim was killed while it wrote. */
async function* readMessages(path: string, signal: AbortSignal): AsyncGenerator<Message, void, undefined> {
  const reader = new MessageReader(crc32);
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024, signal })) {
    reader.push(chunk as Uint8Array);
    for (let message = reader.next(); message !== undefined; message = reader.next()) yield message;
  }
}

async function firstHeader(messages: AsyncGenerator<Message, void, undefined>): Promise<SpoolHeader | undefined> {
  try {
    const first = await messages.next();
    return first.done === true || first.value.type !== messageType.header ? undefined : readSpoolHeader(first.value.payload);
  } catch (error) {
    if (error instanceof DamagedStreamError) return undefined;
    throw error;
  }
}
