/** What the engine hands to recording: complete, self-contained records; later records of the same key replace earlier ones. */
import type { Delivery, Direction, Flag, FrameKind, HttpHead, Transport } from '../../shared/model/frame.ts';
import type { Decision } from '../../shared/model/gateway-event.ts';
import type { ExchangeSummary } from '../../shared/model/exchange.ts';
import type { SessionSummary } from '../../shared/model/session.ts';

/** What one stage decided about a frame: the same as the decision of the gateway, as it is kept. */
export type Verdict = Decision;

/** One frame. `body` is the recorded copy (maybe capped), `sizeBytes` the true size. Key: (sessionId, seq). */
export interface FrameRecord {
  readonly sessionId: string;
  readonly seq: number;
  readonly at: number;
  readonly monotonicUs: number;
  readonly direction: Direction;
  readonly transport: Transport;
  readonly delivery: Delivery;
  readonly kind: FrameKind;
  readonly idText?: string;
  readonly method?: string;
  readonly target?: string;
  readonly eventId?: string;
  readonly hopId?: string;
  readonly exchangeId?: string;
  readonly http?: HttpHead;
  readonly sizeBytes: number;
  readonly body: Uint8Array;
  readonly delivered?: Uint8Array;
  readonly latencyMs?: number;
  /** SHA-256 (hex) of the whole body where the copy is capped; otherwise the store computes it. */
  readonly contentHash?: string;
  /** `gzip`, `br` … when `body` is still encoded. */
  readonly contentEncoding?: string;
  readonly flags: readonly Flag[];
  readonly verdicts: readonly Verdict[];
  /** Who asked, in JSON; of requests on guarded routes. Policies are tried on it; it is in no list and no tape. */
  readonly asker?: string;
}

/** The state of an exchange after a frame; upserted by `exchangeId`. The store adds the row number and the names. */
export type ExchangeRecord = Omit<ExchangeSummary, 'id' | 'clientName' | 'serverName' | 'preview' | 'flags'> & {
  readonly flags: readonly Flag[];
};

/** The state of a session; upserted by `id`. Counts are kept by the store from what it committed. */
export type SessionRecord = Omit<
  SessionSummary,
  'name' | 'frameCount' | 'exchangeCount' | 'errorCount' | 'pendingCount' | 'sizeBytes' | 'lastAt'
>;

/** Where records go. Calls never throw and never block; the recorder decides what a full queue means. */
export interface RecordSink {
  session(record: SessionRecord): void;
  frame(record: FrameRecord): void;
  exchange(record: ExchangeRecord): void;
}
