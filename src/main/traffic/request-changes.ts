/** What the row of a request becomes with its answer, with a report of its progress, and with its cancellation. */
import type { Flag } from '../../shared/model/frame.ts';
import { withStatus } from './exchanges.ts';
import type { ExchangeRecord } from './records.ts';
import { answerStatus, errorFields, ownToolErrorFields } from './rows.ts';
import type { ReadMessage, Sighting } from './sighting.ts';

/** A frame on its way into the record: its number, what was seen, and what there is to flag. */
export interface Noting {
  readonly seq: number;
  readonly sighting: Sighting;
  readonly flags: Flag[];
}

/** `latencyMs`: how long after the request the answer came. */
export function requestWithAnswer(
  request: ExchangeRecord,
  { seq, sighting, flags }: Noting,
  item: ReadMessage,
  latencyMs: number,
): ExchangeRecord {
  const wasCancelled = request.status === 'cancelled';
  const status = wasCancelled ? 'late' : answerStatus(item, flags);
  return {
    ...withStatus(request, status, wasCancelled ? [...flags, 'late'] : flags),
    ...(flags.includes('own-error') && item.facts.isToolError ? ownToolErrorFields(sighting) : errorFields(item)),
    ...(sighting.http?.status === undefined ? {} : { httpStatus: sighting.http.status }),
    durationMs: latencyMs,
    firstByteMs: request.firstByteMs ?? latencyMs,
    responseBytes: request.responseBytes + sighting.body.sizeBytes,
    responseSeq: seq,
    frameCount: request.frameCount + 1,
  };
}

export function requestWithProgress(request: ExchangeRecord, { body }: Sighting, latencyMs: number): ExchangeRecord {
  return {
    ...request,
    frameCount: request.frameCount + 1,
    progressCount: request.progressCount + 1,
    firstByteMs: request.firstByteMs ?? latencyMs,
    responseBytes: request.responseBytes + body.sizeBytes,
  };
}

/** Who asked may take it back, and so may who was asked. What has been answered already stays so. */
export function cancelledRequest(
  request: ExchangeRecord,
  { direction }: Sighting,
  { facts }: ReadMessage,
  latencyMs: number,
): ExchangeRecord {
  return {
    ...withStatus(request, request.status === 'pending' ? 'cancelled' : request.status),
    frameCount: request.frameCount + 1,
    cancelledBy: direction === 'fromClient' ? 'client' : 'server',
    durationMs: latencyMs,
    ...(facts.cancelReason === undefined ? {} : { cancelReason: facts.cancelReason }),
  };
}
