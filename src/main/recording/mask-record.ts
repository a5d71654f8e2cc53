/** A frame or session as it may lie on the disk: credentials masked, everything else as it came. */
import type { FrameRecord, SessionRecord } from '../traffic/records.ts';
import { maskCommandLine, maskForm, maskHead, maskUrl } from './mask-credentials.ts';

/** The same record where nothing is secret. */
export function maskFrame(frame: FrameRecord): FrameRecord {
  if (frame.http === undefined) return frame;
  const http = maskHead(frame.http);
  const body = isForm(frame) ? maskForm(frame.body) : undefined;
  if (http === frame.http && body === undefined) return frame;
  return { ...frame, http, ...(body === undefined ? {} : { body }) };
}

export function maskSession(record: SessionRecord): SessionRecord {
  const upstream = /^[a-z][a-z0-9+.-]*:\/\/\S*$/i.test(record.upstream) ? maskUrl(record.upstream) : maskCommandLine(record.upstream);
  return upstream === record.upstream ? record : { ...record, upstream };
}

/** Token requests of OAuth are forms: client secrets, codes and verifiers in plain sight. */
function isForm(frame: FrameRecord): boolean {
  if (frame.body.length === 0 || frame.kind !== 'http' || frame.http === undefined) return false;
  return frame.http.headers.some(
    ([name, value]) => name.toLowerCase() === 'content-type' && /^application\/x-www-form-urlencoded/i.test(value),
  );
}
