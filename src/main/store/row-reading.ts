/** Database rows become the summaries of the contract. The one door out of the tables, so the casts live here. */
import type { ExchangeSummary } from '../../shared/model/exchange.ts';
import type { FrameSummary } from '../../shared/model/frame.ts';
import type { SessionSummary } from '../../shared/model/session.ts';
import { exchangeIdOf } from './exchange-key.ts';

type Row = Readonly<Record<string, string | number | null>>;

export const exchangeColumns = `e.*, s.id AS session_id, s.client_name, s.server_name`;

/** Without the bodies: a list must not pull them through. */
export const frameColumns = `f.id, f.seq, f.exchange_seq, f.at, f.monotonic_us, f.direction, f.transport, f.delivery, f.kind, f.id_text, f.method,
  f.target, f.event_id, f.hop_id, f.size_bytes, f.stored_bytes, f.delivered_bytes, f.latency_ms, f.content_hash, f.content_encoding,
  f.flags, f.verdicts, f.preview, f.http, s.id AS session_id, s.client_name, s.server_name`;

export function toExchange(value: unknown): ExchangeSummary {
  const row = value as Row;
  return present({
    id: row.id,
    exchangeId: exchangeIdOf(String(row.session_id), Number(row.first_seq)),
    sessionId: row.session_id,
    clientName: row.client_name,
    serverName: row.server_name,
    transport: row.transport,
    era: row.era,
    direction: row.direction,
    kind: row.kind,
    idText: row.id_text,
    method: row.method,
    target: row.target,
    status: row.status,
    errorCode: row.error_code,
    errorMessage: row.error_message,
    httpStatus: row.http_status,
    cancelledBy: row.cancelled_by,
    cancelReason: row.cancel_reason,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    firstByteMs: row.first_byte_ms,
    requestBytes: row.request_bytes,
    responseBytes: row.response_bytes,
    frameCount: row.frame_count,
    progressCount: row.progress_count,
    requestSeq: row.request_seq,
    responseSeq: row.response_seq,
    linkedExchangeId: row.linked_exchange_id,
    flags: list(row.flags),
    preview: row.preview,
  }) as ExchangeSummary;
}

export function toFrame(value: unknown): FrameSummary {
  const row = value as Row;
  return present({
    sessionId: row.session_id,
    seq: row.seq,
    at: row.at,
    monotonicUs: row.monotonic_us,
    direction: row.direction,
    transport: row.transport,
    delivery: row.delivery,
    kind: row.kind,
    idText: row.id_text,
    method: row.method,
    target: row.target,
    eventId: row.event_id,
    hopId: row.hop_id,
    exchangeId: row.exchange_seq === null ? null : exchangeIdOf(String(row.session_id), Number(row.exchange_seq)),
    http: row.http == null ? null : JSON.parse(String(row.http)),
    sizeBytes: row.size_bytes,
    storedBytes: row.stored_bytes,
    deliveredBytes: row.delivered_bytes,
    latencyMs: row.latency_ms,
    contentHash: row.content_hash,
    contentEncoding: row.content_encoding,
    flags: list(row.flags),
    verdicts: list(row.verdicts),
    preview: row.preview,
  }) as FrameSummary;
}

export function toSession(value: unknown): SessionSummary {
  const row = value as Row;
  return present({
    id: row.id,
    name: row.name,
    state: row.state,
    transport: row.transport,
    era: row.era,
    protocolVersion: row.protocol_version,
    clientName: row.client_name,
    serverName: row.server_name,
    clientInfo: row.client_info == null ? null : JSON.parse(String(row.client_info)),
    serverInfo: row.server_info == null ? null : JSON.parse(String(row.server_info)),
    upstream: row.upstream,
    isProbe: row.is_probe === 1,
    wasOffline: row.was_offline === 1,
    startedAt: row.started_at,
    lastAt: row.last_at,
    endedAt: row.ended_at,
    endReason: row.end_reason,
    exitCode: row.exit_code,
    exitSignal: row.exit_signal,
    frameCount: row.frame_count,
    exchangeCount: row.exchange_count,
    errorCount: row.error_count,
    pendingCount: row.pending_count,
    sizeBytes: row.size_bytes,
  }) as SessionSummary;
}

function list(value: string | number | null | undefined): unknown[] {
  return value == null ? [] : (JSON.parse(String(value)) as unknown[]);
}

/** NULL in a column means that the optional member is absent. Built anew: an object that lost members is slow to send to another thread. */
function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const name in members) if (members[name] !== null) found[name] = members[name];
  return found;
}
