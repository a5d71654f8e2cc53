/** A stdio client of the legacy era: shakes hands once, then keeps a number of calls under way. */
import type { Running } from '../stand.ts';
import { handshake, idPlace, stdioCall, takeIds } from './message.ts';

const answerDeadlineMs = 15_000;
const newline = 10;

export interface StdioLoadResult {
  /** One per answer, in µs; only with one call at a time, where answers cannot be mixed up. */
  readonly latenciesUs: readonly number[];
  readonly count: number;
  readonly elapsedMs: number;
}

/** Speaks to one process; its lines are read here from the first to the last. */
export class McpStdioClient {
  readonly #server: Running;
  #rest: Buffer = Buffer.alloc(0);
  #onLine: (line: Buffer) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(server: Running) {
    this.#server = server;
    server.child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk));
    server.child.once('exit', () => this.#fail(new Error(`${server.name} ended: ${server.stderr().slice(-1_000)}`)));
  }

  async shakeHands(): Promise<void> {
    const answer = await this.#ask(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: handshake.initialize }));
    if (!answer.includes('"result"')) throw new Error(`${this.#server.name} refused the handshake: ${answer}`);
    this.#write(handshake.initialized);
    const called = await this.#ask(this.#nextCall());
    if (!called.includes('/srv/project/src/main/engine.ts')) throw new Error(`${this.#server.name} gives another answer: ${called}`);
  }

  /** Sends the next call whenever one is answered, `windowCount` at once. Answers that are no results end it. */
  load({ windowCount, maxMs, maxCount }: { windowCount: number; maxMs: number; maxCount: number }): Promise<StdioLoadResult> {
    const latenciesUs: number[] = [];
    const startedAt = performance.now();
    let sentCount = 0;
    let doneCount = 0;
    let sentAt = 0;
    return this.#until((resolve, reject) => {
      const send = () => {
        sentCount += 1;
        sentAt = performance.now();
        this.#write(this.#nextCall());
      };
      this.#onLine = line => {
        if (!line.includes('"result"')) return reject(new Error(`${this.#server.name} answered ${line.toString('utf8', 0, 500)}`));
        doneCount += 1;
        if (windowCount === 1) latenciesUs.push((performance.now() - sentAt) * 1_000);
        const elapsedMs = performance.now() - startedAt;
        if (elapsedMs < maxMs && sentCount < maxCount) send();
        else if (doneCount === sentCount) resolve({ latenciesUs, count: doneCount, elapsedMs });
      };
      while (sentCount < windowCount) send();
    }, maxMs + answerDeadlineMs);
  }

  #ask(line: string): Promise<string> {
    return this.#until(resolve => {
      this.#onLine = answer => resolve(answer.toString('utf8'));
      this.#write(line);
    }, answerDeadlineMs);
  }

  #until<T>(begin: (resolve: (value: T) => void, reject: (error: Error) => void) => void, deadlineMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const late = setTimeout(() => this.#fail(new Error(`${this.#server.name} did not answer in time`)), deadlineMs);
      this.#fail = error => {
        clearTimeout(late);
        reject(error);
      };
      begin(value => {
        clearTimeout(late);
        resolve(value);
      }, this.#fail);
    }).finally(() => {
      this.#onLine = () => undefined;
      this.#fail = () => undefined;
    });
  }

  #nextCall(): string {
    return stdioCall.replace(idPlace, String(takeIds(1)));
  }

  #write(line: string): void {
    this.#server.child.stdin?.write(`${line}\n`);
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(newline, from); end !== -1; end = bytes.indexOf(newline, from)) {
      this.#onLine(bytes.subarray(from, end));
      from = end + 1;
    }
    this.#rest = bytes.subarray(from);
  }
}
