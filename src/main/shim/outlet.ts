/** Where the lines of one direction go: a stream that may break, after which nothing is written to it any more. */
import type { Writable } from 'node:stream';

/** Short lines go out in one piece, because each piece costs a system call where the stream is not corked. */
const joinBelowBytes = 64 * 1024;

export class Outlet {
  readonly #stream: Writable;
  #isBroken = false;

  /** `onBroken`: its reader has gone. Called once. */
  constructor(stream: Writable, onBroken: () => void) {
    this.#stream = stream;
    stream.on('error', () => {
      if (this.#isBroken) return;
      this.#isBroken = true;
      onBroken();
    });
  }

  write(chunk: Uint8Array): void {
    if (!this.#isBroken) this.#stream.write(chunk);
  }

  /** A line in its parts, with or without its line feed. */
  writeLine(parts: readonly Uint8Array[], hasFeed: boolean): void {
    const all = hasFeed ? [...parts, lineFeed] : parts;
    if (all.reduce((sum, part) => sum + part.length, 0) < joinBelowBytes)
      this.write(all.length === 1 ? (all[0] as Uint8Array) : Buffer.concat(all));
    else for (const part of all) this.write(part);
  }

  /** Gathers what is written in `act`. */
  together(act: () => void): void {
    this.#stream.cork();
    try {
      act();
    } finally {
      this.#stream.uncork();
    }
  }

  /** What was written waits for its reader. A broken stream makes nobody wait. */
  get isFull(): boolean {
    return !this.#isBroken && this.#stream.writableNeedDrain;
  }

  get waitingBytes(): number {
    return this.#isBroken ? 0 : this.#stream.writableLength;
  }

  onDrain(listener: () => void): void {
    this.#stream.on('drain', listener);
    this.#stream.on('error', listener);
  }
}

const lineFeed = Uint8Array.of(10);
