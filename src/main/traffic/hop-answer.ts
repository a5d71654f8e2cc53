/** What the row of an HTTP request becomes when its answer brings no message, and when it is over. */
import type { StatusWord } from '../../shared/model/exchange.ts';
import type { Flag } from '../../shared/model/frame.ts';
import { withStatus } from './exchanges.ts';
import type { Hop, HopEnd } from './hops.ts';
import type { ExchangeRecord } from './records.ts';
import { firstLine } from './rows.ts';
import type { Sighting } from './sighting.ts';

/** The answer's frame: where it stands, and whether its body is there but says nothing that can be read. */
export interface AnswerFrame {
  readonly seq: number;
  readonly sighting: Sighting;
  readonly isUnreadable: boolean;
}

/** An HTTP head or a body without a message belongs to what its request carried. `isRequest`: the row is that of a JSON-RPC request. */
export function rowWithAnswer(row: ExchangeRecord, hop: Hop, frame: AnswerFrame, isRequest: boolean): ExchangeRecord {
  const { sighting, seq } = frame;
  const sinceStartMs = (sighting.monotonicUs - hop.startedUs) / 1000;
  const record: ExchangeRecord = {
    ...row,
    frameCount: row.frameCount + 1,
    firstByteMs: row.firstByteMs ?? sinceStartMs,
    responseBytes: row.responseBytes + sighting.body.sizeBytes,
    ...(hop.status === 0 ? {} : { httpStatus: hop.status }),
  };
  const isRefusal = hop.status >= 400;
  if (isRequest)
    return isRefusal && record.status === 'pending'
      ? { ...record, ...refusal(hop, frame), durationMs: sinceStartMs, responseSeq: seq }
      : record;
  if (record.status === 'pending' || record.status === 'open')
    return { ...record, ...httpRowEnd(record, hop, sighting, sinceStartMs), responseSeq: seq };
  return isRefusal ? { ...record, ...refusal(hop, frame) } : record;
}

/** A JSON-RPC request whose hop is over; undefined where that changes nothing. */
export function requestAfterHop(record: ExchangeRecord, hop: Hop, how: HopEnd, durationMs: number): ExchangeRecord | undefined {
  const isCut = how === 'upstream-died' || how === 'failed';
  // A subscription ends when its client closes it; that is how it is meant to end (2026-07-28, subscriptions/listen).
  if (record.status === 'open') return { ...withStatus(record, isCut ? 'failed' : 'ok', flagsOfEnd(how)), durationMs };
  if (record.status !== 'pending') return undefined;
  if (isCut) return { ...withStatus(record, 'failed', flagsOfEnd(how)), durationMs };
  if (how === 'client-left') {
    // 2026-07-28, Streamable HTTP: closing the response stream is the cancellation. Legacy: a lost stream is not.
    if (record.era !== 'modern') return withStatus(record, 'pending', flagsOfEnd(how));
    return { ...withStatus(record, 'cancelled', flagsOfEnd(how)), cancelledBy: 'client', durationMs };
  }
  // Legacy answers may still arrive on another stream: HTTP+SSE (202), resumption by GET (2025-11-25, polling).
  const mayComeLater = record.era === 'legacy' && (hop.isEventStream || hop.status === 202);
  return mayComeLater ? undefined : { ...withStatus(record, 'no-answer'), durationMs };
}

/** The row of an HTTP request that asked nothing by JSON-RPC, whose hop is over; undefined where that changes nothing. */
export function httpRowAfterHop({ row, startedUs }: Hop, how: HopEnd, monotonicUs: number): ExchangeRecord | undefined {
  if (row.kind !== 'http' || (row.status !== 'open' && row.status !== 'pending')) return undefined;
  return { ...withStatus(row, httpStatusWord(row.status, how), flagsOfEnd(how)), durationMs: (monotonicUs - startedUs) / 1000 };
}

function httpStatusWord(before: StatusWord, how: HopEnd): StatusWord {
  if (how === 'upstream-died' || how === 'failed') return 'failed';
  return before === 'open' || how === 'complete' ? 'ok' : 'cancelled';
}

function refusal({ status }: Hop, { sighting, isUnreadable }: AnswerFrame): Partial<ExchangeRecord> {
  return { status: 'failed', errorCode: status, errorMessage: isUnreadable ? firstLine(sighting) : `HTTP ${status}` };
}

function httpRowEnd(record: ExchangeRecord, hop: Hop, sighting: Sighting, durationMs: number): Partial<ExchangeRecord> {
  if (record.kind === 'notification' || record.kind === 'response')
    return hop.status >= 400 ? { status: 'failed', errorCode: hop.status } : {};
  if (hop.isEventStream && hop.status < 300) return { status: 'open' };
  if (sighting.delivery === 'head') return {};
  // 405 is how a server says that it has no GET stream or no DELETE (2025-03-26 and later, Streamable HTTP).
  if (hop.status < 400 || hop.status === 405) return { status: 'ok', durationMs };
  return { status: 'failed', durationMs, errorCode: hop.status, errorMessage: firstLine(sighting) };
}

function flagsOfEnd(how: HopEnd): readonly Flag[] {
  switch (how) {
    case 'complete':
    case 'failed':
      return [];
    case 'client-left':
      return ['client-left'];
    case 'upstream-died':
      return ['stream-cut'];
  }
}
