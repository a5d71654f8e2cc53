/**
 * Takes records from traffic and commits them in batches. An observer: it fails open, never throws into traffic and
 * never waits in it. Credentials are masked on the way in.
 */
import type { RecordingState } from '../../shared/model/host.ts';
import type { Clock, Logger } from '../ports.ts';
import type { CommitReceipt, RecordBatch } from '../store/traffic-store.ts';
import type { ExchangeRecord, FrameRecord, RecordSink, SessionRecord } from '../traffic/records.ts';
import { maskFrame, maskSession } from './mask-record.ts';
import { RecordQueue, type QueuedBatch } from './record-queue.ts';
import { SettledFrames, type SettledListener } from './settled-frames.ts';

export interface RecorderDeps {
  readonly store: { commit(batch: RecordBatch): Promise<CommitReceipt> };
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: Partial<RecorderLimits>;
}

export interface RecorderLimits {
  /** Of the queue. Full: connections wait a moment, then bodies are dropped. */
  readonly maxQueuedBytes: number;
  readonly maxQueuedFrames: number;
  /** A record waits at most this long before its commit begins; so many frames begin one at once. */
  readonly flushMs: number;
  readonly flushFrames: number;
  /** What a full queue may cost a connection. */
  readonly pressureMs: number;
  readonly firstRetryMs: number;
  readonly lastRetryMs: number;
}

const defaultLimits: RecorderLimits = {
  maxQueuedBytes: 64 * 1024 * 1024,
  maxQueuedFrames: 100_000,
  // A kill may take back 500 ms. Waiting 100 ms here saved no measurable work, and on a slow disk the rest was too little.
  flushMs: 50,
  flushFrames: 1_000,
  pressureMs: 250,
  firstRetryMs: 250,
  lastRetryMs: 5_000,
};

/** Sessions whose record is kept while recording is off, so that their frames find it when it is on again; the oldest go first. */
const MAX_UNSAVED_SESSIONS = 10_000;

export interface Recorder extends RecordSink {
  state(): RecordingState;
  /** Off: nothing is stored; frames are counted as unrecorded. */
  setOn(isOn: boolean): void;
  /**
   * `recording.required`: traffic waits for the record as long as it takes, also while commits fail, instead of passing with
   * parts missing. Off by default.
   */
  setRequired(isRequired: boolean): void;
  readonly isRequired: boolean;
  /** What a connection waits for while the queue is full: until there is room, at most 250 ms unless recording is required. `undefined` when there is room. */
  pressure(): Promise<void> | undefined;
  /** The same without a limit, for a peer that keeps what we cannot take (the shim spools). */
  room(): Promise<void> | undefined;
  /** Resolves when the frame is committed, or when recording is off and it never will be. Rejects when it was lost. */
  committed(sessionId: string, seq: number): Promise<void>;
  /** Hears, per session, up to which seq nothing is waiting any more. A lost frame ends this for its session. */
  onCommitted(listener: SettledListener): () => void;
  /** Commits what waits; resolves also when that failed (see `state`). */
  flush(): Promise<void>;
  /** Flushes, and takes nothing more. Gives up after `graceMs` when commits keep failing. */
  close(graceMs?: number): Promise<void>;
}

export function createRecorder(deps: RecorderDeps): Recorder {
  return new BatchingRecorder(deps);
}

class BatchingRecorder implements Recorder {
  #deps: RecorderDeps;
  #limits: RecorderLimits;
  #queue: RecordQueue;
  #settled = new SettledFrames();
  #isOn = true;
  #isRequired = false;
  #isClosed = false;
  #droppedBodyCount = 0;
  #unrecordedFrameCount = 0;
  #problem: string | undefined;
  /** Latest records of sessions that could not be queued because recording was off. */
  #unsavedSessions = new Map<string, SessionRecord>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #retryNow: (() => void) | undefined;
  #waitingForRoom: (() => void)[] = [];

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
    this.#limits = { ...defaultLimits, ...deps.limits };
    this.#queue = new RecordQueue({ maxBytes: this.#limits.maxQueuedBytes, maxFrames: this.#limits.maxQueuedFrames });
  }

  session(record: SessionRecord): void {
    this.#guard('session', () => {
      const masked = maskSession(record);
      if (this.#isOn) {
        this.#unsavedSessions.delete(record.id);
        this.#queue.putSession(masked);
        this.#schedule();
      } else this.#keepUnsaved(masked);
    });
  }

  frame(record: FrameRecord): void {
    this.#guard('frame', () => {
      if (!this.#isOn || this.#isClosed) {
        this.#unrecordedFrameCount += 1;
        if (!this.#isClosed) this.#settled.skip(record.sessionId, record.seq);
        return;
      }
      this.#saveSession(record.sessionId);
      const taken = this.#queue.putFrame(maskFrame(record));
      if (taken === 'refused') {
        this.#unrecordedFrameCount += 1;
        this.#settled.lose(record.sessionId, record.seq);
        return;
      }
      if (taken === 'without-body') this.#droppedBodyCount += 1;
      this.#settled.queue(record.sessionId, record.seq);
      this.#schedule();
    });
  }

  exchange(record: ExchangeRecord): void {
    this.#guard('exchange', () => {
      if (!this.#isOn || this.#isClosed) return;
      this.#saveSession(record.sessionId);
      this.#queue.putExchange(record);
      this.#schedule();
    });
  }

  state(): RecordingState {
    return {
      isOn: this.#isOn,
      queuedBytes: this.#queue.bytes,
      droppedBodyCount: this.#droppedBodyCount,
      unrecordedFrameCount: this.#unrecordedFrameCount,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  setOn(isOn: boolean): void {
    this.#isOn = isOn;
  }

  setRequired(isRequired: boolean): void {
    this.#isRequired = isRequired;
  }

  get isRequired(): boolean {
    return this.#isRequired;
  }

  pressure(): Promise<void> | undefined {
    if (this.#isRequired) return this.room() === undefined ? undefined : this.#roomAtLast();
    // While commits fail, waiting would slow traffic without helping it.
    if (!this.#queue.isFull || this.#problem !== undefined || !this.#isOn) return undefined;
    return within(this.#roomMade(), this.#limits.pressureMs);
  }

  room(): Promise<void> | undefined {
    return this.#queue.isFull && this.#isOn && !this.#isClosed ? this.#roomMade() : undefined;
  }

  committed(sessionId: string, seq: number): Promise<void> {
    return this.#settled.wait(sessionId, seq);
  }

  onCommitted(listener: SettledListener): () => void {
    return this.#settled.listen(listener);
  }

  async flush(): Promise<void> {
    this.#retryNow?.();
    // A full queue takes fewer rounds than this; under load, what comes meanwhile would give a flush no end.
    for (let round = 0; round < 64; round += 1) {
      this.#write();
      if (this.#writing === undefined) return;
      await Promise.race([this.#writing, this.#roomMade()]);
      if (this.#problem !== undefined) return;
    }
  }

  async close(graceMs = 5_000): Promise<void> {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    const end = this.#deps.clock.now() + graceMs;
    while (!this.#queue.isEmpty && this.#deps.clock.now() < end) {
      this.#write();
      this.#retryNow?.();
      await within(this.#writing, Math.min(100, graceMs));
    }
    await within(this.#writing, Math.max(0, end - this.#deps.clock.now()));
    this.#isClosed = true;
    this.#unrecordedFrameCount += this.#queue.frameCount;
    this.#retryNow?.();
    this.#wakeWaiting();
  }

  /** Traffic must not learn that recording failed, whatever failed. */
  #guard(what: string, note: () => void): void {
    try {
      note();
    } catch (error) {
      this.#deps.log.warn('A record was not taken', { what, error: String(error) });
      if (what === 'frame') this.#unrecordedFrameCount += 1;
    }
  }

  #keepUnsaved(record: SessionRecord): void {
    this.#unsavedSessions.delete(record.id);
    this.#unsavedSessions.set(record.id, record);
    if (this.#unsavedSessions.size <= MAX_UNSAVED_SESSIONS) return;
    const [oldest] = this.#unsavedSessions.keys();
    if (oldest !== undefined) this.#unsavedSessions.delete(oldest);
  }

  #saveSession(sessionId: string): void {
    if (this.#unsavedSessions.size === 0) return;
    const record = this.#unsavedSessions.get(sessionId);
    if (record === undefined) return;
    this.#unsavedSessions.delete(sessionId);
    this.#queue.putSession(record);
  }

  #schedule(): void {
    if (this.#writing !== undefined || this.#isClosed) return;
    if (this.#queue.frameCount >= this.#limits.flushFrames) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), this.#limits.flushMs);
  }

  /** Begins a commit unless one is under way; when it is done, the next begins if enough waits. */
  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing !== undefined || this.#queue.isEmpty) return;
    this.#writing = this.#commit(this.#queue.take()).finally(() => {
      this.#writing = undefined;
      if (!this.#queue.isEmpty) this.#schedule();
    });
  }

  /** Tries until the batch is stored: a full disk may get room again. Meanwhile the queue fills up to its bounds. */
  async #commit(batch: QueuedBatch): Promise<void> {
    for (let retryMs = this.#limits.firstRetryMs; ; retryMs = Math.min(retryMs * 2, this.#limits.lastRetryMs)) {
      try {
        await this.#deps.store.commit(batch);
        break;
      } catch (error) {
        if (this.#isClosed) {
          this.#unrecordedFrameCount += batch.frames.length;
          this.#deps.log.error('Frames were not recorded', { count: batch.frames.length });
          return;
        }
        this.#noteProblem(error);
        await this.#pause(retryMs);
      }
    }
    if (this.#problem !== undefined) this.#deps.log.info('Recording goes on');
    this.#problem = undefined;
    this.#queue.settled(batch);
    this.#settled.commit(batch.frames);
    this.#wakeWaiting();
  }

  #noteProblem(error: unknown): void {
    if (this.#problem === undefined) this.#deps.log.error('Recording stopped', { error: String(error) });
    this.#problem = error instanceof Error ? error.message : String(error);
    this.#wakeWaiting();
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms);
      this.#retryNow = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#retryNow = undefined;
  }

  /** A commit that failed wakes everyone too; whoever requires the record waits on. */
  async #roomAtLast(): Promise<void> {
    for (let wait = this.room(); wait !== undefined && this.#isRequired; wait = this.room()) await wait;
  }

  #roomMade(): Promise<void> {
    return new Promise(resolve => {
      this.#waitingForRoom.push(resolve);
    });
  }

  #wakeWaiting(): void {
    for (const wake of this.#waitingForRoom.splice(0)) wake();
  }
}

/** Waits for the work, at most so long. Its timer is taken back, because one that is left keeps the process alive. */
async function within(work: Promise<void> | undefined, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
