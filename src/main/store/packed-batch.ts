/**
 * A batch as it crosses to the writer: one flat list of plain values per frame and one transferred buffer for all
 * bodies. A cloned `Uint8Array` would copy the whole buffer it is a view of, and thousands of small objects cost
 * the caller's thread more than the values in them.
 */
import type { FrameRecord } from '../traffic/records.ts';
import type { RecordBatch } from './traffic-store.ts';

/** `null` for what is absent: it is bound to the statement as it is. */
type Cell = string | number | null;

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
  readonly idText: string | null;
  readonly method: string | null;
  readonly target: string | null;
  readonly eventId: string | null;
  readonly hopId: string | null;
  readonly exchangeId: string | null;
  readonly http: string | null;
  readonly sizeBytes: number;
  readonly body: Uint8Array;
  readonly delivered: Uint8Array | null;
  readonly latencyMs: number | null;
  readonly contentHash: string | null;
  readonly contentEncoding: string | null;
  readonly flags: string | null;
  readonly verdicts: string | null;
  readonly asker: string | null;
}

const CELLS_PER_FRAME = 24;

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
    frame.idText ?? null,
    frame.method ?? null,
    frame.target ?? null,
    frame.eventId ?? null,
    frame.hopId ?? null,
    frame.exchangeId ?? null,
    frame.http === undefined ? null : JSON.stringify(frame.http),
    frame.sizeBytes,
    frame.body.length,
    frame.delivered?.length ?? null,
    frame.latencyMs ?? null,
    frame.contentHash ?? null,
    frame.contentEncoding ?? null,
    listText(frame.flags),
    listText(frame.verdicts),
    frame.asker ?? null,
  );
}

function listText(list: readonly unknown[]): string | null {
  return list.length === 0 ? null : JSON.stringify(list);
}

/** The frames of a packed batch, in order; bodies are views into its buffer. */
export function* unpackFrames({ cells, bodies }: PackedBatch): Generator<PackedFrame> {
  let offset = 0;
  const take = (length: number): Uint8Array => bodies.subarray(offset, (offset += length));
  for (let at = 0; at < cells.length; at += CELLS_PER_FRAME) {
    const text = (index: number) => cells[at + index] as string;
    const number = (index: number) => cells[at + index] as number;
    const deliveredBytes = cells[at + 17] as number | null;
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
      delivered: deliveredBytes === null ? null : take(deliveredBytes),
      latencyMs: number(18),
      contentHash: text(19),
      contentEncoding: text(20),
      flags: text(21),
      verdicts: text(22),
      asker: text(23),
    };
  }
}
