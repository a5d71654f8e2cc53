/**
 * What waits to be committed, bounded in bytes and in frames. Over the first bound a frame loses its body (its row,
 * size and SHA-256 stay); over the second the frame itself is refused. Both are counted by the owner.
 */
import { hash } from 'node:crypto';
import type { ExchangeRecord, FrameRecord, SessionRecord } from '../traffic/records.ts';

export interface QueueLimits {
  readonly maxBytes: number;
  /** Rows without bodies cost memory too. */
  readonly maxFrames: number;
}

/** What one commit takes at most; a larger one would make the next wait. */
const MAX_BATCH_FRAMES = 4_000;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
/** A row without its body, roughly. */
const ROW_BYTES = 600;

export interface QueuedBatch {
  readonly sessions: readonly SessionRecord[];
  readonly frames: readonly FrameRecord[];
  readonly exchanges: readonly ExchangeRecord[];
}

export class RecordQueue {
  #limits: QueueLimits;
  #sessions = new Map<string, SessionRecord>();
  #frames: FrameRecord[] = [];
  #exchanges = new Map<string, ExchangeRecord>();
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get frameCount(): number {
    return this.#frames.length;
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0 && this.#sessions.size === 0 && this.#exchanges.size === 0;
  }

  /** From here on a connection should wait. Half the bound: what is on its way already must still find room. */
  get isFull(): boolean {
    return this.#bytes * 2 > this.#limits.maxBytes || this.#frames.length * 2 > this.#limits.maxFrames;
  }

  /** Later records of the same session or exchange replace earlier ones; the first keeps its place in the order. */
  putSession(record: SessionRecord): void {
    this.#sessions.set(record.id, record);
  }

  putExchange(record: ExchangeRecord): void {
    this.#exchanges.set(record.exchangeId, record);
  }

  /** Takes a frame in whole, without its body, or not at all. */
  putFrame(frame: FrameRecord): 'whole' | 'without-body' | 'refused' {
    if (this.#frames.length >= this.#limits.maxFrames) return 'refused';
    const isOver = this.#bytes + sizeOf(frame) > this.#limits.maxBytes && frame.body.length + (frame.delivered?.length ?? 0) > 0;
    const kept = isOver ? withoutBody(frame) : frame;
    this.#frames.push(kept);
    this.#bytes += sizeOf(kept);
    return isOver ? 'without-body' : 'whole';
  }

  /** Takes the next batch out. Its bytes count as waiting until `settled`. */
  take(): QueuedBatch {
    let bytes = 0;
    let count = 0;
    while (count < this.#frames.length && count < MAX_BATCH_FRAMES && (count === 0 || bytes < MAX_BATCH_BYTES)) {
      bytes += sizeOf(this.#frames[count] as FrameRecord);
      count += 1;
    }
    const batch = {
      sessions: [...this.#sessions.values()],
      frames: count === this.#frames.length ? this.#frames : this.#frames.splice(0, count),
      exchanges: [...this.#exchanges.values()],
    };
    if (batch.frames === this.#frames) this.#frames = [];
    this.#sessions.clear();
    this.#exchanges.clear();
    return batch;
  }

  settled(batch: QueuedBatch): void {
    for (const frame of batch.frames) this.#bytes -= sizeOf(frame);
  }
}

function sizeOf(frame: FrameRecord): number {
  return ROW_BYTES + frame.body.length + (frame.delivered?.length ?? 0);
}

function withoutBody(frame: FrameRecord): FrameRecord {
  const { delivered, ...rest } = frame;
  void delivered;
  return {
    ...rest,
    body: new Uint8Array(),
    contentHash: frame.contentHash ?? hash('sha256', frame.body, 'hex'),
    flags: frame.flags.includes('body-dropped') ? frame.flags : [...frame.flags, 'body-dropped'],
  };
}
