/** Session rows as the writer keeps them: the record as told, and totals of what was committed. */
import type { Statement } from 'better-sqlite3';
import type { SessionRecord } from '../traffic/records.ts';
import type { Db } from './database.ts';

/** What a batch adds to a session. */
export interface SessionDelta {
  frameCount: number;
  messageCount: number;
  exchangeCount: number;
  requestCount: number;
  errorCount: number;
  pendingCount: number;
  sizeBytes: number;
  lastAt: number;
  isTouched: boolean;
}

/** A session the writer knows: its key and how far its frames go. */
export interface KnownSession {
  readonly key: number;
  /** Highest seq up to which no frame is missing. */
  committedSeq: number;
  /** Highest seq at all. */
  lastSeq: number;
  delta: SessionDelta;
}

/** Sessions kept in memory between batches; beyond that the cache starts anew and rows are looked up again. */
const MAX_KNOWN_SESSIONS = 10_000;

interface StoredSession {
  key: number;
  state: string;
  client_name: string;
  server_name: string;
  committed_seq: number;
  last_seq: number;
}

export class SessionRows {
  #known = new Map<string, KnownSession>();
  #find: Statement<[string], StoredSession>;
  #insert: Statement;
  #update: Statement;
  #addTotals: Statement;
  #resume: (key: number) => void;

  /** `resume` is called for a session that was marked interrupted and turns out to live. */
  constructor(db: Db, resume: (key: number) => void) {
    this.#resume = resume;
    this.#find = db.prepare('SELECT key, state, client_name, server_name, committed_seq, last_seq FROM session WHERE id = ?');
    this.#insert = db.prepare(`
      INSERT INTO session (id, state, transport, era, protocol_version, client_name, server_name, client_info, server_info, upstream,
        is_probe, was_offline, started_at, last_at, ended_at, end_reason, exit_code, exit_signal)
      VALUES (@id, @state, @transport, @era, @protocolVersion, @clientName, @serverName, @clientInfo, @serverInfo, @upstream,
        @isProbe, @wasOffline, @startedAt, @startedAt, @endedAt, @endReason, @exitCode, @exitSignal)`);
    this.#update = db.prepare(`
      UPDATE session SET state = @state, transport = @transport, era = @era, protocol_version = @protocolVersion, client_name = @clientName,
        server_name = @serverName, client_info = @clientInfo, server_info = @serverInfo, upstream = @upstream, is_probe = @isProbe,
        was_offline = @wasOffline, started_at = @startedAt, last_at = max(last_at, @startedAt), ended_at = @endedAt,
        end_reason = @endReason, exit_code = @exitCode, exit_signal = @exitSignal
      WHERE id = @id`);
    this.#addTotals = db.prepare(`
      UPDATE session SET frame_count = frame_count + ?, message_count = message_count + ?, exchange_count = exchange_count + ?,
        request_count = request_count + ?, error_count = error_count + ?, pending_count = pending_count + ?,
        size_bytes = size_bytes + ?, last_at = max(last_at, ?), committed_seq = ?, last_seq = ?
      WHERE key = ?`);
  }

  /** Upserts; tells whether a display name changed, because rows are filtered and sorted by them. */
  put(record: SessionRecord): { session: KnownSession; isRenamed: boolean } {
    const stored = this.#find.get(record.id);
    const values = bindable(record);
    if (stored === undefined) {
      const key = Number(this.#insert.run(values).lastInsertRowid);
      return { session: this.#remember(record.id, { key, committed_seq: 0, last_seq: 0 }), isRenamed: false };
    }
    if (stored.state === 'interrupted' && record.state !== 'interrupted') this.#resume(stored.key);
    this.#update.run(values);
    const isRenamed = stored.client_name !== record.clientName || stored.server_name !== record.serverName;
    return { session: this.#known.get(record.id) ?? this.#remember(record.id, stored), isRenamed };
  }

  /** The session of a frame. A frame may come before its session's record (recording switched on midway): its row is then made from the frame. */
  get(id: string, frame: { at: number; transport: string }): KnownSession {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const stored = this.#find.get(id);
    if (stored !== undefined) return this.#remember(id, stored);
    return this.put({
      id,
      state: 'live',
      transport: frame.transport as SessionRecord['transport'],
      era: 'legacy',
      clientName: '',
      serverName: '',
      upstream: '',
      isProbe: false,
      wasOffline: false,
      startedAt: frame.at,
    }).session;
  }

  /** The session if it is stored. */
  find(id: string): KnownSession | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const stored = this.#find.get(id);
    return stored === undefined ? undefined : this.#remember(id, stored);
  }

  /** Writes the totals that a batch gathered, one update per session. */
  addTotals(sessions: Iterable<KnownSession>): void {
    for (const session of sessions) {
      const delta = session.delta;
      if (!delta.isTouched) continue;
      this.#addTotals.run(
        delta.frameCount,
        delta.messageCount,
        delta.exchangeCount,
        delta.requestCount,
        delta.errorCount,
        delta.pendingCount,
        delta.sizeBytes,
        delta.lastAt,
        session.committedSeq,
        session.lastSeq,
        session.key,
      );
      session.delta = emptyDelta();
    }
  }

  /** After a failed transaction, a purge or a change from elsewhere, what is remembered may be wrong. */
  forget(): void {
    this.#known.clear();
  }

  #remember(id: string, row: { key: number; committed_seq: number; last_seq: number }): KnownSession {
    const session = { key: row.key, committedSeq: row.committed_seq, lastSeq: row.last_seq, delta: emptyDelta() };
    this.#known.set(id, session);
    return session;
  }

  /** Called between batches only: during one, the deltas of forgotten sessions would be lost. */
  trim(): void {
    if (this.#known.size > MAX_KNOWN_SESSIONS) this.#known.clear();
  }
}

function emptyDelta(): SessionDelta {
  return {
    frameCount: 0,
    messageCount: 0,
    exchangeCount: 0,
    requestCount: 0,
    errorCount: 0,
    pendingCount: 0,
    sizeBytes: 0,
    lastAt: 0,
    isTouched: false,
  };
}

function bindable(record: SessionRecord): Record<string, string | number | null> {
  return {
    id: record.id,
    state: record.state,
    transport: record.transport,
    era: record.era,
    protocolVersion: record.protocolVersion ?? null,
    clientName: record.clientName,
    serverName: record.serverName,
    clientInfo: record.clientInfo === undefined ? null : JSON.stringify(record.clientInfo),
    serverInfo: record.serverInfo === undefined ? null : JSON.stringify(record.serverInfo),
    upstream: record.upstream,
    isProbe: record.isProbe ? 1 : 0,
    wasOffline: record.wasOffline ? 1 : 0,
    startedAt: record.startedAt,
    endedAt: record.endedAt ?? null,
    endReason: record.endReason ?? null,
    exitCode: record.exitCode ?? null,
    exitSignal: record.exitSignal ?? null,
  };
}
