/**
 * Who may speak to the page's server. It is reachable by every page a person has open, so the `Host` header must be
 * ours (against rebinding of names) and a browser's `Origin` must be the very page we served.
 */
import type { IncomingHttpHeaders } from 'node:http';

const localNames = ['127.0.0.1', 'localhost', '[::1]'];

/** Whether the request was dialled by a local name and our port. */
export function isOwnHost(headers: IncomingHttpHeaders, port: number): boolean {
  const host = headers.host?.toLowerCase();
  if (host === undefined) return false;
  return localNames.some(name => host === `${name}:${port}` || (port === 80 && host === name));
}

/** `absent` is no browser. An origin is compared with the host of the same request, so that localhost and 127.0.0.1 stay apart. */
export function originOf(headers: IncomingHttpHeaders): 'own' | 'foreign' | 'absent' {
  const { origin, host } = headers;
  if (origin === undefined) return 'absent';
  return origin.toLowerCase() === `http://${host?.toLowerCase() ?? ''}` ? 'own' : 'foreign';
}
