/** How a frame and a new exchange of a session are written down. Built field by field: this runs for every message. */
import type { StatusWord } from '../../shared/model/exchange.ts';
import type { Flag, FrameKind } from '../../shared/model/frame.ts';
import type { ExchangeRecord, FrameRecord, SessionRecord } from './records.ts';
import type { ReadMessage, Sighting } from './sighting.ts';

/** A frame that is still being written. */
export type NewFrame = { -readonly [K in keyof FrameRecord]: FrameRecord[K] };

/** What a row is, besides what its first frame says. */
export type RowFacts = Pick<ExchangeRecord, 'kind' | 'method' | 'status' | 'flags'> & Partial<ExchangeRecord>;

/** What a frame is, besides what was seen of it. */
export type FrameFacts = Pick<FrameRecord, 'kind' | 'flags'> & Partial<Pick<FrameRecord, 'exchangeId' | 'latencyMs'>>;

/** A new row. `key` is unique within the session. */
export function newRow(
  session: SessionRecord,
  key: string,
  seq: number,
  { direction, http, body, at }: Sighting,
  facts: RowFacts,
): ExchangeRecord {
  const isAnswer = facts.kind === 'response' || (facts.kind === 'http' && direction === 'fromServer');
  return {
    exchangeId: `${session.id}/${key}`,
    sessionId: session.id,
    transport: session.transport,
    era: session.era,
    direction,
    startedAt: at,
    requestBytes: isAnswer ? 0 : body.sizeBytes,
    responseBytes: isAnswer ? body.sizeBytes : 0,
    frameCount: 1,
    progressCount: 0,
    requestSeq: seq,
    ...(http?.status === undefined ? {} : { httpStatus: http.status }),
    ...facts,
  };
}

export function newFrame(session: SessionRecord, seq: number, sighting: Sighting, facts: FrameFacts): NewFrame {
  const { body } = sighting;
  const frame: NewFrame = {
    sessionId: session.id,
    seq,
    at: sighting.at,
    monotonicUs: sighting.monotonicUs,
    direction: sighting.direction,
    transport: session.transport,
    delivery: sighting.delivery,
    sizeBytes: body.sizeBytes,
    body: body.bytes,
    verdicts: sighting.verdicts ?? noVerdicts,
    ...facts,
  };
  if (sighting.hopId !== undefined) frame.hopId = sighting.hopId;
  if (sighting.http !== undefined) frame.http = sighting.http;
  if (sighting.eventId !== undefined) frame.eventId = sighting.eventId;
  if (body.contentHash !== undefined) frame.contentHash = body.contentHash;
  if (sighting.contentEncoding !== undefined) frame.contentEncoding = sighting.contentEncoding;
  if (sighting.delivered !== undefined) frame.delivered = sighting.delivered;
  if (sighting.asker !== undefined) frame.asker = sighting.asker;
  return frame;
}

const noVerdicts: FrameRecord['verdicts'] = [];

/** What is already known of a frame to flag. */
export function flagsOf({ flags = [], body }: Sighting): Flag[] {
  return body.isTruncated ? [...flags, 'body-truncated'] : [...flags];
}

/** What an answer makes of its request. What we refused or answered ourselves is told apart from what the server said. */
export function answerStatus({ message, facts }: ReadMessage, flags: readonly Flag[]): StatusWord {
  if (flags.includes('refused')) return 'refused';
  if (flags.includes('own-error')) return 'failed';
  if (message.kind === 'error') return 'error';
  return facts.isToolError ? 'tool-error' : 'ok';
}

/** The kind of a frame without a message. */
export function otherKind({ delivery, direction, http }: Sighting, isUnreadable: boolean): FrameKind {
  if (delivery === 'stderr' || delivery === 'lifecycle') return delivery;
  if (delivery === 'line') return direction === 'fromServer' ? 'stdout' : 'invalid';
  if (!isUnreadable || direction === 'fromServer') return 'http';
  const type = http?.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return type.includes('json') ? 'invalid' : 'http';
}

/** The row of a frame that belongs to no other. */
export function otherRow(kind: FrameKind, flags: readonly Flag[], { direction, http }: Sighting): RowFacts {
  if (kind === 'http' && direction === 'fromClient')
    return { kind, method: http?.method ?? 'HTTP', status: 'pending', flags, ...(http?.path === undefined ? {} : { target: http.path }) };
  const isThin = kind === 'http' || kind === 'stderr' || kind === 'stdout' || kind === 'lifecycle';
  return { kind: isThin ? kind : 'invalid', method: kind, status: kind === 'invalid' ? 'error' : 'ok', flags };
}

export function errorFields({ message }: ReadMessage): Partial<ExchangeRecord> {
  return message.kind === 'error' ? { errorCode: message.error.code, errorMessage: message.error.message.slice(0, 500) } : {};
}

/** What we tell a model in a result of a tool (`refusal: tool-result`) is the error of that call. */
export function ownToolErrorFields({ text, body }: Sighting): Partial<ExchangeRecord> {
  const { result } = JSON.parse(text ?? Buffer.from(body.bytes).toString('utf8')) as { result: { content: readonly { text: string }[] } };
  return { errorMessage: (result.content[0]?.text ?? '').slice(0, 500) };
}

/** The beginning of a body that is no message, as a person would quote it. */
export function firstLine({ text, body, http }: Sighting): string {
  const start = text ?? Buffer.from(body.bytes.subarray(0, 400)).toString('utf8');
  return `${http?.status === undefined ? '' : `HTTP ${http.status} `}${start.replaceAll(/\s+/g, ' ').slice(0, 200)}`.trim();
}
