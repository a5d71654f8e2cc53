/** What the engine's thread and the store's threads say to each other. */
import type { ErrorCode } from '../../shared/errors/error-table.ts';
import type { StoreStats, ViewState } from '../../shared/model/timeline.ts';
import type { WriterReceipt } from './batch-writer.ts';
import type { PackedBatch } from './packed-batch.ts';
import type { Retention } from './retention.ts';
import type { AuditLedgerRow, AuditStart, StoreReader } from './traffic-store.ts';

export interface WorkerRequest {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

export type WorkerReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** What a thread says unasked. */
export type WorkerEvent =
  | { readonly event: 'ready' }
  /** Writer: full text now covers these frames. */
  | { readonly event: 'indexed'; readonly from: number; readonly to: number }
  /** Writer: the file was replaced by a new one. */
  | { readonly event: 'reopened' }
  /** Writer: the bounds of the store hid these sessions, or a session that was being removed came back to life. */
  | { readonly event: 'expired'; readonly sessionIds: readonly string[]; readonly sessionKeys: readonly number[] }
  /** Writer: these rows are gone. */
  | { readonly event: 'removed'; readonly frameIds: readonly number[]; readonly exchangeIds: readonly number[] }
  | { readonly event: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly message: string; readonly facts: Record<string, unknown> }
  /** Reader: a view changed. */
  | { readonly event: 'view'; readonly viewId: string; readonly state: ViewState };

export interface WriterData {
  readonly path: string;
  readonly maxSizeBytes: number | undefined;
  readonly retention: Retention;
}

export interface ReaderData {
  readonly path: string;
}

/** Calls of the writer thread. */
export interface WriterCalls {
  commit(batch: PackedBatch): WriterReceipt;
  renameSession(id: string, name: string): void;
  deleteSessions(ids: readonly string[], deletedAt: number): readonly number[];
  restoreSessions(ids: readonly string[]): readonly number[];
  purgeDeleted(before: number): Promise<number>;
  markInterrupted(at: number): { readonly ids: readonly string[]; readonly keys: readonly number[] };
  appendAudit(rows: readonly AuditLedgerRow[], start: AuditStart): void;
  trimAudit(start: AuditStart): number;
  /** New bounds of what is kept; held against the store at the next look. */
  setRetention(bounds: Pick<Retention, 'maxAgeMs' | 'maxStoredBytes'>): void;
  state(): Pick<StoreStats, 'state' | 'problem'>;
  close(): void;
}

/** What the reader is told so that its views follow. */
export interface StoreChange {
  readonly insertedIds: readonly number[];
  readonly updatedIds: readonly number[];
  readonly frameIds: { readonly from: number; readonly to: number };
  readonly removedFrameIds: readonly number[];
  /** Sessions whose names changed, which were hidden, or brought back: their rows are looked at again. */
  readonly sessionKeys: readonly number[];
  /** Frames that full text covers since the last message. */
  readonly indexedFrames: { readonly from: number; readonly to: number } | undefined;
}

/** Calls of the reader thread: the read side, plus what keeps it current. */
export interface ReaderCalls extends Omit<StoreReader, 'onViewChanged' | 'stats'> {
  totals(): Promise<Pick<StoreStats, 'sessionCount' | 'frameCount' | 'exchangeCount' | 'schemaVersion' | 'sizeBytes'>>;
  changed(change: StoreChange): void;
  reopen(): void;
  close(): void;
}
