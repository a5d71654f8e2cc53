/**
 * The frames that no hub has committed yet: the oldest in the spool file, the newer ones in memory. Frames are never
 * dropped while the disk takes them; bodies are, over `spoolCapBytes`, and that is marked on their frames.
 */
import { TopLevelScan, type TopLevelFacts } from '../../shared/mcp/top-level-scan.ts';
import { encodeFrame, type ShimFrameHead } from '../../shared/shim/frame-coding.ts';
import { crc32 } from './checksum.ts';
import type { Spool } from './spool.ts';

export interface FrameLogLimits {
  /** In memory while a hub takes frames; what is over it goes to disk. */
  readonly memoryBytes: number;
  /** On disk; over it bodies are left out. */
  readonly spoolBytes: number;
  /** How long a frame may be in memory alone while there is no hub. */
  readonly spoolAfterMs: number;
}

export const defaultLimits: FrameLogLimits = { memoryBytes: 8 * 1024 * 1024, spoolBytes: 256 * 1024 * 1024, spoolAfterMs: 250 };

/** Without a hub, as much as this is written at once rather than after `spoolAfterMs`. */
const spoolSoonBytes = 256 * 1024;
const writeBytes = 1024 * 1024;
/** Where the disk is slower than the traffic or takes nothing: bodies are left out over this, frames over twice this. */
const memoryCapBytes = 32 * 1024 * 1024;
const retryAfterMs = 5_000;

interface LoggedFrame {
  readonly seq: number;
  /** The message, in one piece or, where its body is large, in several. */
  readonly parts: readonly Uint8Array[];
  readonly sizeBytes: number;
}

export class FrameLog {
  readonly #limits: FrameLogLimits;
  readonly #openSpool: () => Spool;
  readonly #onAdded: (sizeBytes: number) => void;
  #memory: LoggedFrame[] = [];
  #memoryBytes = 0;
  #spool: Spool | undefined;
  #lastSeq = 0;
  #ackedSeq = 0;
  #lostCount = 0;
  #isOnline = false;
  #isWriting = false;
  /** The disk took nothing a moment ago, or the session is over and `close` writes the rest. */
  #isSpoolingPaused = false;
  #whenWritten: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { limits: FrameLogLimits; openSpool: () => Spool; onAdded: (sizeBytes: number) => void }) {
    this.#limits = options.limits;
    this.#openSpool = options.openSpool;
    this.#onAdded = options.onAdded;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get ackedSeq(): number {
    return this.#ackedSeq;
  }

  /** Frames up to its `lastSeq` that are not acknowledged are read from here. */
  get spool(): Spool | undefined {
    return this.#spool;
  }

  /** Numbers and keeps a frame. */
  add(head: Omit<ShimFrameHead, 'seq' | 'isDropped'>, body: readonly Uint8Array[]): void {
    if (this.#memoryBytes > 2 * memoryCapBytes) {
      this.#lostCount += 1;
      return;
    }
    const seq = (this.#lastSeq += 1);
    const isDropped = head.sizeBytes > 0 && head.delivery !== 'lifecycle' && this.#isFull(head.sizeBytes + (head.delivered?.length ?? 0));
    const parts = isDropped
      ? encodeFrame({ ...withoutDelivered(head), seq, isDropped, whole: head.whole ?? { facts: factsOf(body) } }, [], crc32)
      : encodeFrame({ ...head, seq, isDropped }, body, crc32);
    const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
    this.#memory.push({ seq, parts, sizeBytes });
    this.#memoryBytes += sizeBytes;
    this.#considerSpooling();
    this.#onAdded(sizeBytes);
  }

  /** How many frames were lost because neither hub nor disk took them; asking resets the count. */
  takeLostCount(): number {
    const count = this.#memoryBytes > memoryCapBytes ? 0 : this.#lostCount;
    this.#lostCount -= count;
    return count;
  }

  /** A hub takes frames, or does so no more. */
  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    this.#considerSpooling();
  }

  /** Frames up to `seq` are committed. */
  ack(seq: number): void {
    if (seq <= this.#ackedSeq) return;
    this.#ackedSeq = Math.min(seq, this.#lastSeq);
    this.#forgetMemory(this.#ackedSeq);
    this.#removeSpoolIfDone();
  }

  /** The frames in memory behind `seq`, oldest first. */
  after(seq: number): readonly LoggedFrame[] {
    const first = this.#memory[0];
    if (first === undefined) return [];
    // Numbers in memory have no gaps, so the position follows from the number.
    const from = seq - first.seq + 1;
    return from <= 0 ? this.#memory : this.#memory.slice(from);
  }

  /** Brings everything that is not committed to disk, now. False when the disk does not take it. */
  async close(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#isSpoolingPaused = true;
    if (this.#isWriting) await new Promise<void>(resolve => this.#whenWritten.push(resolve));
    if (this.#memory.length === 0) return true;
    try {
      this.#spool ??= this.#openSpool();
      this.#spool.appendNow(Buffer.concat(this.#memory.flatMap(frame => frame.parts)), this.#lastSeq);
      this.#forgetMemory(this.#lastSeq);
      return true;
    } catch {
      return false;
    }
  }

  #isFull(moreBytes: number): boolean {
    return this.#memoryBytes > memoryCapBytes || this.#memoryBytes + (this.#spool?.sizeBytes ?? 0) + moreBytes > this.#limits.spoolBytes;
  }

  #considerSpooling(): void {
    if (this.#isWriting || this.#isSpoolingPaused || this.#memory.length === 0) return;
    if (this.#memoryBytes > (this.#isOnline ? this.#limits.memoryBytes : spoolSoonBytes)) {
      this.#write();
    } else if (!this.#isOnline && this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        if (!this.#isOnline && !this.#isWriting && !this.#isSpoolingPaused) this.#write();
      }, this.#limits.spoolAfterMs);
    }
  }

  #write(): void {
    const batch = this.#nextBatch();
    const last = batch.at(-1);
    if (last === undefined) return;
    try {
      this.#spool ??= this.#openSpool();
    } catch {
      this.#retryLater();
      return;
    }
    this.#isWriting = true;
    this.#spool.append(Buffer.concat(batch.flatMap(frame => frame.parts)), last.seq, error => {
      this.#isWriting = false;
      for (const resolve of this.#whenWritten.splice(0)) resolve();
      if (error !== null) {
        this.#retryLater();
        return;
      }
      this.#forgetMemory(last.seq);
      this.#removeSpoolIfDone();
      this.#considerSpooling();
    });
  }

  /** The disk takes nothing (full, read-only). */
  #retryLater(): void {
    if (this.#isSpoolingPaused) return;
    this.#isSpoolingPaused = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#isSpoolingPaused = false;
      this.#considerSpooling();
    }, retryAfterMs);
  }

  #nextBatch(): LoggedFrame[] {
    let bytes = 0;
    const end = this.#memory.findIndex(frame => (bytes += frame.sizeBytes) > writeBytes);
    return end === -1 ? this.#memory.slice() : this.#memory.slice(0, Math.max(1, end));
  }

  #forgetMemory(upToSeq: number): void {
    let count = 0;
    while (count < this.#memory.length && (this.#memory[count] as LoggedFrame).seq <= upToSeq) {
      this.#memoryBytes -= (this.#memory[count] as LoggedFrame).sizeBytes;
      count += 1;
    }
    if (count > 0) this.#memory = this.#memory.slice(count);
  }

  #removeSpoolIfDone(): void {
    if (this.#isWriting || this.#spool === undefined || this.#spool.lastSeq > this.#ackedSeq) return;
    this.#spool.remove();
    this.#spool = undefined;
  }
}

function withoutDelivered<T extends { readonly delivered?: Uint8Array }>(head: T): Omit<T, 'delivered'> {
  const { delivered, ...rest } = head;
  void delivered;
  return rest;
}

function factsOf(body: readonly Uint8Array[]): TopLevelFacts {
  const scan = new TopLevelScan();
  for (const part of body) scan.push(part);
  return scan.facts;
}
