/** The store as the rest of the engine sees it: one writer, one reader, both on threads of their own. Nothing here waits on the caller's thread. */
import type { ExchangeDetail } from '../../shared/contract/calls.ts';
import type { AuditQuery } from '../../shared/model/audit.ts';
import type { ExchangeSummary } from '../../shared/model/exchange.ts';
import type { FrameSummary } from '../../shared/model/frame.ts';
import type { SessionSummary } from '../../shared/model/session.ts';
import type { TimelineSpec, RowsPage, ViewState, StoreStats, SessionQuery, FindQuery } from '../../shared/model/timeline.ts';
import type { ExchangeRecord, FrameRecord, SessionRecord } from '../traffic/records.ts';

/** What one flush of the recorder commits, in one transaction. Order inside each list is the order of arrival. */
export interface RecordBatch {
  readonly sessions: readonly SessionRecord[];
  readonly frames: readonly FrameRecord[];
  readonly exchanges: readonly ExchangeRecord[];
}

/**
 * What a commit changed. Sent to listeners after the transaction is durable against a kill of the process. Sessions
 * that the bounds of the store removed are told the same way: named in `sessionIds`, with nothing else in it.
 */
export interface CommitReceipt {
  readonly frameCount: number;
  /** Row numbers of inserted and of changed exchanges, ascending. */
  readonly insertedIds: readonly number[];
  readonly updatedIds: readonly number[];
  readonly sessionIds: readonly string[];
  /** Highest committed seq per session that got frames in this batch. */
  readonly committedSeq: Readonly<Record<string, number>>;
}

/** What a resumed session needs to know of its past. */
export interface SessionPast {
  /** Highest seq up to which no frame is missing: what a shim need not send again. */
  readonly committedSeq: number;
  /** Highest seq at all: where new numbers begin. */
  readonly lastSeq: number;
  readonly session: SessionRecord;
  readonly pending: readonly ExchangeRecord[];
}

export interface StoredBody {
  /** A slice of the body as received (or delivered), decoded from gzip/br/deflate when asked. */
  readonly bytes: Uint8Array;
  readonly offset: number;
  /** Length of the whole recorded copy (decoded when asked). */
  readonly storedBytes: number;
  /** Length of the body on the wire. */
  readonly sizeBytes: number;
  /** Set when the bytes are still encoded, because it was not asked otherwise or they could not be decoded. */
  readonly contentEncoding?: string;
}

export interface RelatedRows {
  readonly rows: ExchangeDetail['related'];
  readonly sameTarget: ExchangeDetail['sameTarget'];
}

export interface FrameWithBody {
  readonly frame: FrameSummary;
  readonly body: Uint8Array;
  readonly delivered?: Uint8Array;
  /** Who asked, in JSON, where that is recorded. */
  readonly asker?: string;
}

/** What a look through the file found. */
export interface QuickCheck {
  readonly problems: readonly string[];
  /** Tables that were looked at, and how many there are: fewer when the time ran out. */
  readonly checkedCount: number;
  readonly tableCount: number;
}

/** A row of the audit as the database keeps it: what is filtered by, and the line of the file. */
export interface AuditLedgerRow {
  readonly seq: number;
  /** Epoch ms. */
  readonly at: number;
  readonly kind: string;
  readonly principalId?: string;
  readonly upstream?: string;
  readonly hash: string;
  readonly line: string;
}

/** Where the oldest file of the audit begins. */
export interface AuditStart {
  readonly seq: number;
  readonly prevHash: string;
}

/** How far the audit goes. There are no gaps, so `seq` is also the number of rows that were ever written. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
  readonly firstSeq: number;
  readonly firstPrevHash: string;
}

export interface AuditLedgerPage {
  /** Newest first. */
  readonly lines: readonly string[];
  /** Set when older rows were not looked at. */
  readonly cursor?: number;
}

/** Write side. */
export interface StoreWriter {
  /** Atomic. Frames whose key exists are ignored, so that a resumed shim may repeat itself. Rejects with STORE_FAILED. */
  commit(batch: RecordBatch): Promise<CommitReceipt>;
  renameSession(id: string, name: string): Promise<void>;
  /** Hides sessions at once; `restoreSessions` brings them back until `purgeDeleted`. */
  deleteSessions(ids: readonly string[], deletedAt: number): Promise<void>;
  restoreSessions(ids: readonly string[]): Promise<void>;
  /** Removes for good what was deleted before `before` (epoch ms). Returns the number of sessions. */
  purgeDeleted(before: number): Promise<number>;
  /** New bounds of what is kept: by age (ms without a frame) and by stored bytes. Pass nothing to go back to the defaults. */
  setRetention(bounds?: { readonly maxAgeMs: number; readonly maxStoredBytes: number }): Promise<void>;
  /** Marks sessions that a dead host left live as interrupted. Returns their ids. Called once at start. */
  markInterrupted(at: number): Promise<readonly string[]>;
  /** Appends rows of the audit in order and moves its head, in one transaction. `start` counts only while there is no head. */
  appendAudit(rows: readonly AuditLedgerRow[], start: AuditStart): Promise<void>;
  /** Forgets rows of the audit before `start`, some at a time; call again until it gives 0. */
  trimAudit(start: AuditStart): Promise<number>;
}

/** Read side. Long scans go in steps and stop when their view is closed or re-opened. */
export interface StoreReader {
  sessionPast(id: string): Promise<SessionPast | undefined>;
  session(id: string): Promise<SessionSummary | undefined>;
  sessions(query: SessionQuery): Promise<{ readonly sessions: readonly SessionSummary[]; readonly total: number }>;
  /** Frames of one session after `afterSeq`, ascending. */
  frames(query: { sessionId: string; afterSeq: number; limit: number; exchangeId?: string }): Promise<readonly FrameSummary[]>;
  /** Same, with the recorded bodies; for exports. At most 32 MiB a call, so the list may be shorter than `limit`. */
  framesWithBodies(query: { sessionId: string; afterSeq: number; limit: number }): Promise<readonly FrameWithBody[]>;
  exchange(id: number): Promise<ExchangeSummary | undefined>;
  exchangeByKey(exchangeId: string): Promise<ExchangeSummary | undefined>;
  /** Rows worth a look beside this one: the handshake, the first leg or the retries, the same target before and after. NOT_FOUND when there is no such row. */
  related(id: number): Promise<RelatedRows>;
  body(query: {
    sessionId: string;
    seq: number;
    version: 'received' | 'delivered';
    offset: number;
    length: number;
    decode: boolean;
  }): Promise<StoredBody | undefined>;

  /** Opens a filtered, sorted list of rows that lives in the reader and follows what is committed. */
  openView(viewId: string, spec: TimelineSpec): Promise<ViewState>;
  closeView(viewId: string): Promise<void>;
  /** The state of an open view now. NOT_FOUND when it is closed. */
  viewState(viewId: string): Promise<ViewState>;
  viewRows(viewId: string, from: number, count: number): Promise<RowsPage>;
  /** Position of a row in the view; -1 when the filter hides it. */
  viewIndexOf(viewId: string, id: number): Promise<number>;
  /** Position of the next or previous row with an error status; -1 when there is none. */
  viewFind(viewId: string, query: FindQuery): Promise<number>;
  /** Called after each commit that changed an open view, and while a long scan goes on. */
  onViewChanged(listener: (viewId: string, state: ViewState) => void): () => void;

  /** Values that completion offers for a filter key, most frequent first. */
  filterValues(key: string, prefix: string, limit: number): Promise<readonly string[]>;
  /** Undefined while nothing was audited. */
  auditHead(): Promise<AuditHead | undefined>;
  /** Hashes of the rows after `afterSeq`, ascending. */
  auditHashes(afterSeq: number, limit: number): Promise<readonly { readonly seq: number; readonly hash: string }[]>;
  /** Matching rows, newest first. A page with a `cursor` may be short, or empty: ask on with it. */
  auditRows(query: AuditQuery): Promise<AuditLedgerPage>;
  stats(): Promise<StoreStats>;
  /** Reads the whole file on a thread of its own: seconds per gigabyte, so only on request. No further table after `deadlineMs`. */
  quickCheck(deadlineMs: number): Promise<QuickCheck>;
}

export interface TrafficStore extends StoreWriter, StoreReader {
  onCommitted(listener: (receipt: CommitReceipt) => void): () => void;
  /** Flushes, checkpoints and ends both threads. */
  close(): Promise<void>;
}
