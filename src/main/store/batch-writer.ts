/** Commits a batch in one transaction: sessions, frames, exchanges, totals. */
import type { Statement } from 'better-sqlite3';
import { BodyTable, INLINE_BODY_BYTES } from './body-table.ts';
import type { Db } from './database.ts';
import { firstSeqOf } from './exchange-key.ts';
import { ExchangeRows } from './exchange-rows.ts';
import { exchangePreview, framePreview } from './frame-text.ts';
import { unpackFrames, type PackedBatch, type PackedFrame } from './packed-batch.ts';
import { SessionRows, type KnownSession } from './session-rows.ts';
import { storeProblemOf } from './store-problem.ts';
import type { CommitReceipt } from './traffic-store.ts';

/** A receipt with what only the reader needs to follow. */
export interface WriterReceipt extends CommitReceipt {
  /** Row numbers of the inserted frames; none when `from` is above `to`. */
  readonly frameIds: { readonly from: number; readonly to: number };
  /** Sessions whose client or server got another display name. */
  readonly renamedSessionKeys: readonly number[];
  /** Records that could not be stored because they are malformed: a defect of ours, never a reason to stop recording. */
  readonly rejected: { readonly count: number; readonly firstReason: string | undefined };
}

/** Where the bytes of a frame lie: in its row, or in the table of bodies. */
interface PlacedBody {
  readonly inline: Uint8Array | null;
  readonly key: number | null;
  readonly hash: string | null;
}

const nothing: PlacedBody = { inline: null, key: null, hash: null };

const messageKinds = ['request', 'result', 'error', 'batch'];

export class BatchWriter {
  #sessions: SessionRows;
  #exchanges: ExchangeRows;
  #bodies: BodyTable;
  #insertFrame: Statement;
  #nextSeq: Statement<[number, number], { seq: number }>;
  #setCounter: Statement<[number, string]>;
  #getCounter: Statement<[string], { value: number }>;
  #commit: (batch: PackedBatch) => WriterReceipt;

  constructor(db: Db, resumeSession: (key: number) => void) {
    this.#sessions = new SessionRows(db, resumeSession);
    this.#exchanges = new ExchangeRows(db);
    this.#bodies = new BodyTable(db);
    this.#insertFrame = db.prepare(`
      INSERT INTO frame (id, session_key, seq, exchange_seq, at, monotonic_us, direction, transport, delivery, kind, id_text, method,
        target, event_id, hop_id, size_bytes, stored_bytes, delivered_bytes, latency_ms, content_hash, content_encoding, flags, verdicts,
        preview, body_key, delivered_key, http, body, delivered, asker)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (session_key, seq) DO NOTHING`);
    this.#nextSeq = db.prepare('SELECT seq FROM frame WHERE session_key = ? AND seq > ? ORDER BY seq LIMIT 1');
    this.#setCounter = db.prepare('UPDATE counter SET value = ? WHERE name = ?');
    this.#getCounter = db.prepare('SELECT value FROM counter WHERE name = ?');
    this.#commit = db.transaction((batch: PackedBatch) => this.#write(batch));
  }

  /** Atomic: after an error nothing of the batch is stored. */
  commit(batch: PackedBatch): WriterReceipt {
    try {
      return this.#commit.call(this, batch);
    } catch (error) {
      this.#sessions.forget();
      throw error;
    }
  }

  /** For when sessions were purged or marked from elsewhere. */
  forgetSessions(): void {
    this.#sessions.forget();
  }

  #write(batch: PackedBatch): WriterReceipt {
    this.#sessions.trim();
    const work = new BatchWork(this.#counter('next_frame_id'), this.#counter('next_exchange_id'));
    for (const record of batch.sessions) {
      work.guard(() => {
        const { session, isRenamed } = this.#sessions.put(record);
        work.touch(record.id, session);
        if (isRenamed) work.renamedSessionKeys.push(session.key);
      });
    }
    for (const frame of unpackFrames(batch)) work.guard(() => this.#putFrame(frame, work));
    for (const record of batch.exchanges) work.guard(() => this.#putExchange(record, work));
    this.#fillPreviews(work);
    for (const session of work.sessions.values()) this.#closeGap(session);
    this.#sessions.addTotals(work.sessions.values());
    if (work.nextFrameId !== work.firstFrameId) this.#setCounter.run(work.nextFrameId, 'next_frame_id');
    if (work.insertedIds.length > 0) this.#setCounter.run(work.nextExchangeId, 'next_exchange_id');
    return work.receipt();
  }

  #putFrame(frame: PackedFrame, work: BatchWork): void {
    const session = this.#sessions.get(frame.sessionId, frame);
    work.touch(frame.sessionId, session);
    const exchangeSeq = frame.exchangeId === null ? undefined : firstSeqOf(frame.exchangeId, frame.sessionId);
    const preview = framePreview(frame.body, frame.contentEncoding);
    // A repeated frame is committed, too: who repeats it waits to hear so.
    work.committedSeq[frame.sessionId] = Math.max(work.committedSeq[frame.sessionId] ?? 0, frame.seq);
    if (!this.#insertFrameRow(frame, session, exchangeSeq, preview, work.nextFrameId)) return;
    work.nextFrameId += 1;
    if (exchangeSeq === frame.seq && frame.exchangeId !== null) {
      const rowPreview = exchangePreview(frame.body, frame.contentEncoding, frame.kind);
      work.previews.set(frame.exchangeId, { session, firstSeq: frame.seq, text: rowPreview });
    }
    const delta = session.delta;
    delta.isTouched = true;
    delta.frameCount += 1;
    if (messageKinds.includes(frame.kind)) delta.messageCount += 1;
    delta.sizeBytes += frame.sizeBytes;
    delta.lastAt = Math.max(delta.lastAt, frame.at);
    if (frame.seq === session.committedSeq + 1) session.committedSeq = frame.seq;
    session.lastSeq = Math.max(session.lastSeq, frame.seq);
    work.frameCount += 1;
  }

  /** False when the frame is stored already: a resumed shim repeats what it does not know to be committed. */
  #insertFrameRow(frame: PackedFrame, session: KnownSession, exchangeSeq: number | undefined, preview: string, id: number): boolean {
    const body = this.#place(frame.body);
    const delivered = frame.delivered === null ? nothing : this.#place(frame.delivered);
    const result = this.#insertFrame.run(
      id,
      session.key,
      frame.seq,
      exchangeSeq ?? null,
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
      frame.sizeBytes,
      frame.body.length,
      frame.delivered === null ? null : frame.delivered.length,
      frame.latencyMs,
      frame.contentHash ?? body.hash,
      frame.contentEncoding,
      frame.flags,
      frame.verdicts,
      preview,
      body.key,
      delivered.key,
      frame.http,
      body.inline,
      delivered.inline,
      frame.asker,
    );
    return result.changes > 0;
  }

  #place(bytes: Uint8Array): PlacedBody {
    if (bytes.length === 0) return nothing;
    return bytes.length <= INLINE_BODY_BYTES ? { inline: bytes, key: null, hash: null } : { inline: null, ...this.#bodies.put(bytes) };
  }

  #putExchange(record: PackedBatch['exchanges'][number], work: BatchWork): void {
    const firstSeq = firstSeqOf(record.exchangeId, record.sessionId);
    if (firstSeq === undefined) throw new TypeError(`Exchange id is not sessionId/seq: ${record.exchangeId}`);
    const session = this.#sessions.get(record.sessionId, { at: record.startedAt, transport: record.transport });
    work.touch(record.sessionId, session);
    const preview = work.previews.get(record.exchangeId)?.text;
    const { id, isNew } = this.#exchanges.put(record, session, firstSeq, work.nextExchangeId, preview);
    work.previews.delete(record.exchangeId);
    if (isNew) work.nextExchangeId += 1;
    (isNew ? work.insertedIds : work.updatedIds).push(id);
  }

  #fillPreviews(work: BatchWork): void {
    for (const { session, firstSeq, text } of work.previews.values()) this.#exchanges.fillPreview(text, session, firstSeq);
  }

  /** Frames that came out of order may close the gap that held `committedSeq` back. */
  #closeGap(session: KnownSession): void {
    while (session.committedSeq < session.lastSeq) {
      if (this.#nextSeq.get(session.key, session.committedSeq)?.seq !== session.committedSeq + 1) return;
      session.committedSeq += 1;
      session.delta.isTouched = true;
    }
  }

  #counter(name: string): number {
    return this.#getCounter.get(name)?.value ?? 1;
  }
}

/** What one batch gathers while it is written. */
class BatchWork {
  readonly firstFrameId: number;
  nextFrameId: number;
  nextExchangeId: number;
  frameCount = 0;
  readonly sessions = new Map<string, KnownSession>();
  readonly insertedIds: number[] = [];
  readonly updatedIds: number[] = [];
  readonly renamedSessionKeys: number[] = [];
  readonly committedSeq: Record<string, number> = {};
  readonly previews = new Map<string, { session: KnownSession; firstSeq: number; text: string }>();
  #rejectedCount = 0;
  #firstReason: string | undefined;

  constructor(nextFrameId: number, nextExchangeId: number) {
    this.firstFrameId = nextFrameId;
    this.nextFrameId = nextFrameId;
    this.nextExchangeId = nextExchangeId;
  }

  touch(id: string, session: KnownSession): void {
    this.sessions.set(id, session);
  }

  /** A malformed record is left out and counted; a failing database ends the batch. */
  guard(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (storeProblemOf(error) !== undefined) throw error;
      this.#rejectedCount += 1;
      this.#firstReason ??= error instanceof Error ? error.message : String(error);
    }
  }

  receipt(): WriterReceipt {
    return {
      frameCount: this.frameCount,
      insertedIds: this.insertedIds,
      updatedIds: this.updatedIds.sort((a, b) => a - b),
      sessionIds: [...this.sessions.keys()],
      committedSeq: this.committedSeq,
      frameIds: { from: this.firstFrameId, to: this.nextFrameId - 1 },
      renamedSessionKeys: this.renamedSessionKeys,
      rejected: { count: this.#rejectedCount, firstReason: this.#firstReason },
    };
  }
}
