/** Reads frames and their bodies. */
import type { FrameSummary } from '../../shared/model/frame.ts';
import { unpackBody, type BodyRow } from './body-table.ts';
import { decodeContent } from './content-encoding.ts';
import type { Db } from './database.ts';
import { firstSeqOf } from './exchange-key.ts';
import { frameColumns, toFrame } from './row-reading.ts';
import type { FrameWithBody, StoredBody, StoreReader } from './traffic-store.ts';

/** What one call for exports may carry across the threads. */
const MAX_EXPORT_BYTES = 32 * 1024 * 1024;

type Query<Name extends keyof StoreReader> = Parameters<
  StoreReader[Name] extends (...args: infer Args) => unknown ? (...args: Args) => void : never
>[0];

export function readFrames(db: Db, query: Query<'frames'>): FrameSummary[] {
  const { sessionId, afterSeq, limit, exchangeId } = query;
  if (exchangeId === undefined) {
    return db
      .prepare(
        `SELECT ${frameColumns} FROM frame f JOIN session s ON s.key = f.session_key WHERE s.id = ? AND f.seq > ? ORDER BY f.seq LIMIT ?`,
      )
      .all(sessionId, afterSeq, limit)
      .map(toFrame);
  }
  const firstSeq = firstSeqOf(exchangeId, sessionId);
  if (firstSeq === undefined) return [];
  return db
    .prepare(
      `SELECT ${frameColumns} FROM session s CROSS JOIN frame f INDEXED BY frame_by_exchange ON f.session_key = s.key
       WHERE s.id = ? AND f.exchange_seq = ? AND f.seq > ? ORDER BY f.seq LIMIT ?`,
    )
    .all(sessionId, firstSeq, afterSeq, limit)
    .map(toFrame);
}

interface BodyColumns {
  body: Uint8Array | null;
  delivered: Uint8Array | null;
  body_key: number | null;
  delivered_key: number | null;
}

/** Frames with bodies, until the limit or 32 MiB are reached; at least one when there is one. */
export function readFramesWithBodies(db: Db, query: Query<'framesWithBodies'>): FrameWithBody[] {
  const frames: FrameWithBody[] = [];
  let bytes = 0;
  const rows = db
    .prepare(
      `SELECT ${frameColumns}, f.body, f.delivered, f.body_key, f.delivered_key, f.asker FROM frame f JOIN session s ON s.key = f.session_key
       WHERE s.id = ? AND f.seq > ? ORDER BY f.seq LIMIT ?`,
    )
    .iterate(query.sessionId, query.afterSeq, query.limit);
  for (const row of rows) {
    const columns = row as BodyColumns & { readonly asker: string | null };
    const frame = toFrame(row);
    const body = bodyOf(db, columns.body, columns.body_key);
    const delivered = frame.deliveredBytes === undefined ? undefined : bodyOf(db, columns.delivered, columns.delivered_key);
    bytes += body.length + (delivered?.length ?? 0);
    if (frames.length > 0 && bytes > MAX_EXPORT_BYTES) break;
    frames.push({ frame, body, ...(delivered === undefined ? {} : { delivered }), ...askerOf(columns) });
  }
  return frames;
}

function askerOf({ asker }: { readonly asker: string | null }): Pick<FrameWithBody, 'asker'> {
  return asker === null ? {} : { asker };
}

/** The body that was looked at last, decoded: the next slice of it is likely asked for. */
let lastBody: { db: Db; key: string; bytes: Uint8Array; contentEncoding: string | undefined } | undefined;

/** A slice of a body. */
export function readBody(db: Db, query: Query<'body'>): StoredBody | undefined {
  const row = db
    .prepare(
      `SELECT f.id, f.size_bytes, f.delivered_bytes, f.content_encoding, f.body, f.delivered, f.body_key, f.delivered_key
       FROM frame f JOIN session s ON s.key = f.session_key WHERE s.id = ? AND f.seq = ?`,
    )
    .get(query.sessionId, query.seq) as
    (BodyColumns & { id: number; size_bytes: number; delivered_bytes: number | null; content_encoding: string | null }) | undefined;
  if (row === undefined) return undefined;
  const isDelivered = query.version === 'delivered' && row.delivered_bytes !== null;
  const key = `${row.id} ${isDelivered} ${query.decode}`;
  if (lastBody?.db !== db || lastBody.key !== key) {
    const bytes = isDelivered ? bodyOf(db, row.delivered, row.delivered_key) : bodyOf(db, row.body, row.body_key);
    const encoding = row.content_encoding ?? undefined;
    const decoded = query.decode && encoding !== undefined ? decodeContent(bytes, encoding) : undefined;
    lastBody = { db, key, bytes: decoded ?? bytes, contentEncoding: decoded === undefined ? encoding : undefined };
  }
  const { bytes, contentEncoding } = lastBody;
  return {
    // A copy: a view would carry the whole body to the other thread.
    bytes: Uint8Array.from(bytes.subarray(query.offset, query.offset + query.length)),
    offset: query.offset,
    storedBytes: bytes.length,
    sizeBytes: isDelivered ? (row.delivered_bytes ?? 0) : row.size_bytes,
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
  };
}

function bodyOf(db: Db, inline: Uint8Array | null, key: number | null): Uint8Array {
  if (key === null) return inline ?? new Uint8Array();
  const row = db.prepare('SELECT codec, bytes, size_bytes FROM body WHERE key = ?').get(key) as BodyRow | undefined;
  return row === undefined ? new Uint8Array() : unpackBody(row);
}
