/** Exchange rows as the writer keeps them: upserted by (session, first seq), with what each change means for the totals. */
import type { Statement } from 'better-sqlite3';
import type { ExchangeRecord } from '../traffic/records.ts';
import type { Db } from './database.ts';
import type { KnownSession } from './session-rows.ts';

/** Status words that count as errors in totals, in sources and in "next error". */
export const errorStatuses: readonly string[] = ['error', 'tool-error', 'failed', 'refused', 'no-answer'];

interface StoredExchange {
  id: number;
  kind: string;
  status: string;
}

export class ExchangeRows {
  #find: Statement<[number, number], StoredExchange>;
  #insert: Statement;
  #update: Statement;
  #framePreview: Statement<[number, number], { preview: string }>;
  #fillPreview: Statement<[string, number, number]>;

  constructor(db: Db) {
    this.#find = db.prepare('SELECT id, kind, status FROM exchange WHERE session_key = ? AND first_seq = ?');
    const columns = [
      'transport',
      'era',
      'direction',
      'kind',
      'id_text',
      'method',
      'target',
      'status',
      'error_code',
      'error_message',
      'http_status',
      'cancelled_by',
      'cancel_reason',
      'started_at',
      'duration_ms',
      'first_byte_ms',
      'request_bytes',
      'response_bytes',
      'size_bytes',
      'frame_count',
      'progress_count',
      'request_seq',
      'response_seq',
      'linked_exchange_id',
      'flags',
    ];
    this.#insert = db.prepare(`INSERT INTO exchange (id, session_key, first_seq, preview, ${columns.join(', ')})
      VALUES (?, ?, ?, ?, ${columns.map(() => '?').join(', ')})`);
    this.#update = db.prepare(
      `UPDATE exchange SET ${columns.map(column => `${column} = ?`).join(', ')}, interrupted_status = NULL WHERE id = ?`,
    );
    this.#framePreview = db.prepare('SELECT preview FROM frame WHERE session_key = ? AND seq = ?');
    this.#fillPreview = db.prepare(`UPDATE exchange SET preview = ? WHERE session_key = ? AND first_seq = ? AND preview = ''`);
  }

  /** Inserts under `newId` or updates. Returns the row's number and whether it was inserted. */
  put(
    record: ExchangeRecord,
    session: KnownSession,
    firstSeq: number,
    newId: number,
    preview: string | undefined,
  ): { id: number; isNew: boolean } {
    const stored = this.#find.get(session.key, firstSeq);
    const values = bindable(record);
    if (stored !== undefined) {
      this.#update.run(...values, stored.id);
      count(session.delta, stored, -1);
      count(session.delta, record, +1);
      return { id: stored.id, isNew: false };
    }
    // The first frame may have been committed by an earlier batch.
    const text = preview ?? this.#framePreview.get(session.key, firstSeq)?.preview ?? '';
    this.#insert.run(newId, session.key, firstSeq, text, ...values);
    count(session.delta, record, +1);
    return { id: newId, isNew: true };
  }

  /** For a first frame that came after its exchange. */
  fillPreview(preview: string, session: KnownSession, firstSeq: number): void {
    this.#fillPreview.run(preview, session.key, firstSeq);
  }
}

function count(delta: KnownSession['delta'], row: { kind: string; status: string }, sign: 1 | -1): void {
  delta.isTouched = true;
  delta.exchangeCount += sign;
  if (row.kind === 'request') delta.requestCount += sign;
  if (errorStatuses.includes(row.status)) delta.errorCount += sign;
  if (row.status === 'pending') delta.pendingCount += sign;
}

function bindable(record: ExchangeRecord): (string | number | null)[] {
  return [
    record.transport,
    record.era,
    record.direction,
    record.kind,
    record.idText ?? null,
    record.method,
    record.target ?? null,
    record.status,
    record.errorCode ?? null,
    record.errorMessage ?? null,
    record.httpStatus ?? null,
    record.cancelledBy ?? null,
    record.cancelReason ?? null,
    record.startedAt,
    record.durationMs ?? null,
    record.firstByteMs ?? null,
    record.requestBytes,
    record.responseBytes,
    record.requestBytes + record.responseBytes,
    record.frameCount,
    record.progressCount,
    record.requestSeq,
    record.responseSeq ?? null,
    record.linkedExchangeId ?? null,
    record.flags.length === 0 ? null : JSON.stringify(record.flags),
  ];
}
