/**
 * Tells who waits which frames are settled: committed, or deliberately not recorded. What it says is cumulative per
 * session, so it never goes past a frame that was lost: a shim that still has the frame may send it again.
 */
import type { FrameRecord } from '../traffic/records.ts';

/** Per session the seq up to which all is settled; the same shape as a commit's receipt. */
export type SettledListener = (receipt: { readonly committedSeq: Readonly<Record<string, number>> }) => void;

interface Progress {
  settledSeq: number;
  /** Frames that wait for a commit. While there are some, a skipped frame cannot be told yet. */
  queuedCount: number;
  skippedSeq: number;
  lostSeq: number | undefined;
  waiting: { readonly seq: number; resolve(): void; reject(error: Error): void }[];
}

/** Sessions remembered; the ones longest without a frame go first, and only those that nobody waits for. */
const MAX_SESSIONS = 10_000;

export class SettledFrames {
  #progress = new Map<string, Progress>();
  #listeners = new Set<SettledListener>();

  listen(listener: SettledListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  queue(sessionId: string, seq: number): void {
    const progress = this.#of(sessionId);
    progress.queuedCount += 1;
    // A frame that was lost and has come again is no loss; its shim repeats all that followed it, too.
    if (progress.lostSeq === seq) progress.lostSeq = undefined;
  }

  /** Recording is off: the frame will never be stored, and nobody needs to keep it. */
  skip(sessionId: string, seq: number): void {
    const progress = this.#of(sessionId);
    progress.skippedSeq = Math.max(progress.skippedSeq, seq);
    if (progress.queuedCount === 0) this.#settle([[sessionId, seq]]);
  }

  lose(sessionId: string, seq: number): void {
    const progress = this.#of(sessionId);
    progress.lostSeq = Math.min(progress.lostSeq ?? Infinity, seq);
    progress.waiting = progress.waiting.filter(waiting => {
      if (waiting.seq < seq) return true;
      waiting.reject(new Error(`Frame ${seq} of session ${sessionId} was lost: the recording queue was full`));
      return false;
    });
  }

  commit(frames: readonly FrameRecord[]): void {
    const highest = new Map<string, number>();
    for (const { sessionId, seq } of frames) {
      this.#of(sessionId).queuedCount -= 1;
      if (seq > (highest.get(sessionId) ?? 0)) highest.set(sessionId, seq);
    }
    for (const [sessionId, seq] of highest) {
      const progress = this.#of(sessionId);
      if (progress.queuedCount === 0) highest.set(sessionId, Math.max(seq, progress.skippedSeq));
    }
    this.#settle([...highest]);
  }

  wait(sessionId: string, seq: number): Promise<void> {
    const progress = this.#of(sessionId);
    if (seq <= progress.settledSeq) return Promise.resolve();
    if (progress.lostSeq !== undefined && progress.lostSeq <= seq)
      return Promise.reject(new Error(`Frame ${progress.lostSeq} of session ${sessionId} was lost`));
    return new Promise((resolve, reject) => {
      progress.waiting.push({ seq, resolve, reject });
    });
  }

  #settle(entries: readonly (readonly [string, number])[]): void {
    const committedSeq: Record<string, number> = {};
    for (const [sessionId, seq] of entries) {
      const progress = this.#of(sessionId);
      const settled = Math.min(seq, (progress.lostSeq ?? Infinity) - 1);
      if (settled <= progress.settledSeq) continue;
      progress.settledSeq = settled;
      committedSeq[sessionId] = settled;
      progress.waiting = progress.waiting.filter(waiting => {
        if (waiting.seq > settled) return true;
        waiting.resolve();
        return false;
      });
    }
    if (Object.keys(committedSeq).length === 0) return;
    for (const listener of this.#listeners) listener({ committedSeq });
  }

  #of(sessionId: string): Progress {
    const known = this.#progress.get(sessionId);
    if (known !== undefined) return known;
    if (this.#progress.size >= MAX_SESSIONS) this.#forgetIdle();
    const progress: Progress = { settledSeq: 0, queuedCount: 0, skippedSeq: 0, lostSeq: undefined, waiting: [] };
    this.#progress.set(sessionId, progress);
    return progress;
  }

  #forgetIdle(): void {
    for (const [sessionId, progress] of this.#progress) {
      if (this.#progress.size < MAX_SESSIONS / 2) return;
      if (progress.queuedCount === 0 && progress.waiting.length === 0 && progress.lostSeq === undefined) this.#progress.delete(sessionId);
    }
  }
}
