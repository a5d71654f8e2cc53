/** The trace that a request belongs to, as its client said (W3C Trace Context): in the field, or in `_meta`, which stdio has alone. */
import { fieldValue } from '../support/http-fields.ts';
import type { ReadMessage } from './sighting.ts';

/** Of every version: what may come behind the flags in later ones is of no interest here. */
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/** Undefined where neither says one; what is malformed is none. */
export function traceIdOf(rawHeaders: readonly string[], items: readonly ReadMessage[]): string | undefined {
  return idIn(fieldValue(rawHeaders, 'traceparent')) ?? idIn(saidInMeta(items[0]));
}

function saidInMeta(item: ReadMessage | undefined): unknown {
  const params = item !== undefined && 'params' in item.message ? item.message.params : undefined;
  const meta = typeof params === 'object' && params !== null && '_meta' in params ? params._meta : undefined;
  return typeof meta === 'object' && meta !== null && 'traceparent' in meta ? meta.traceparent : undefined;
}

function idIn(value: unknown): string | undefined {
  return typeof value === 'string' ? traceparent.exec(value)?.[1] : undefined;
}
