/**
 * A batch as it crosses to the writer: one flat list of plain values per frame and one transferred buffer for all
 * bodies. A cloned `Uint8Array` would copy the whole buffer it is a view of, and thousands of small objects cost
 * the caller's thread more than the values in them.
 */
import type { FrameRecord } from '../traffic/records.ts';
import type { RecordBatch } from './traffic-store.ts';

type Cell = string | number | undefined;

export interface PackedBatch {
  readonly sessions: RecordBatch['sessions'];
  readonly exchanges: RecordBatch['exchanges'];
  readonly cells: readonly Cell[];
  readonly bodies: Uint8Array<ArrayBuffer>;
}

/** A frame as the writer takes it: nested values are JSON text already. */
export interface PackedFrame {
  readonly sessionId: string;
  readonly seq: number;
  readonly at: number;
  readonly monotonicUs: number;
  readonly direction: string;
  readonly transport: string;
  readonly delivery: string;
  readonly kind: string;
  readonly idText: string | undefined;
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly eventId: string | undefined;
  readonly hopId: string | undefined;
  readonly exchangeId: string | undefined;
  readonly http: string | undefined;
  readonly sizeBytes: number;
  readonly body: Uint8Array;
  readonly delivered: Uint8Array | undefined;
  readonly latencyMs: number | undefined;
  readonly contentHash: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly flags: string | undefined;
  readonly verdicts: string | undefined;
}

const CELLS_PER_FRAME = 23;

/** Copies the bodies once into one buffer; the result is posted with `[bodies.buffer]` as its transfer list. */
export function packBatch(batch: RecordBatch): PackedBatch {
  let bytes = 0;
  for (const frame of batch.frames) bytes += frame.body.length + (frame.delivered?.length ?? 0);
  const bodies = new Uint8Array(bytes);
  const cells: Cell[] = [];
  let offset = 0;
  for (const frame of batch.frames) {
    bodies.set(frame.body, offset);
    offset += frame.body.length;
    if (frame.delivered !== undefined) {
      bodies.set(frame.delivered, offset);
      offset += frame.delivered.length;
    }
    pushCells(cells, frame);
  }
  return { sessions: batch.sessions, exchanges: batch.exchanges, cells, bodies };
}

function pushCells(cells: Cell[], frame: FrameRecord): void {
  cells.push(
    frame.sessionId,
    frame.seq,
    frame.at,
    frame.monotonicUs,
    frame.direction,
    frame.transport,
    frame.delivery,
    frame.kind,
    frame.idText,
    frame.method,
    frame.target,
    frame.eventId,
    frame.hopId,
    frame.exchangeId,
    frame.http === undefined ? undefined : JSON.stringify(frame.http),
    frame.sizeBytes,
    frame.body.length,
    frame.delivered?.length,
    frame.latencyMs,
    frame.contentHash,
    frame.contentEncoding,
    frame.flags.length === 0 ? undefined : JSON.stringify(frame.flags),
    frame.verdicts.length === 0 ? undefined : JSON.stringify(frame.verdicts),
  );
}

/** The frames of a packed batch, in order; bodies are views into its buffer. */
export function* unpackFrames({ cells, bodies }: PackedBatch): Generator<PackedFrame> {
  let offset = 0;
  const take = (length: number): Uint8Array => bodies.subarray(offset, (offset += length));
  for (let at = 0; at < cells.length; at += CELLS_PER_FRAME) {
    const text = (index: number) => cells[at + index] as string;
    const number = (index: number) => cells[at + index] as number;
    const deliveredBytes = cells[at + 17] as number | undefined;
    yield {
      sessionId: text(0),
      seq: number(1),
      at: number(2),
      monotonicUs: number(3),
      direction: text(4),
      transport: text(5),
      delivery: text(6),
      kind: text(7),
      idText: text(8),
      method: text(9),
      target: text(10),
      eventId: text(11),
      hopId: text(12),
      exchangeId: text(13),
      http: text(14),
      sizeBytes: number(15),
      body: take(number(16)),
      delivered: deliveredBytes === undefined ? undefined : take(deliveredBytes),
      latencyMs: number(18),
      contentHash: text(19),
      contentEncoding: text(20),
      flags: text(21),
      verdicts: text(22),
    };
  }
}
