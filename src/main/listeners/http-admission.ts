/** Who may talk to a loopback listener: no foreign Host (DNS rebinding), no foreign Origin (a web page calling home), no framing that two readers could take differently. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import { fieldValues } from '../support/http-fields.ts';

const localName = /^(?:localhost|127\.0\.0\.1|\[::1\])$/i;

/** The reason to refuse, or undefined. `boundHost` is what the listener was told to bind, and is local as well. */
export function refusalAtDoor(path: string, rawHeaders: readonly string[], boundHost: string): TrafficError | undefined {
  const hosts = fieldValues(rawHeaders, 'host');
  // An absolute target says where the request is meant to go, whatever Host says (RFC 9112, section 3.2.2).
  const authority = /^https?:\/\/([^/?#]*)/i.exec(path)?.[1];
  if (authority !== undefined) hosts.push(authority);
  if (hosts.length === 0 || (authority === undefined && hosts.length > 1) || !hosts.every((host) => isLocal(hostname(host), boundHost)))
    return new TrafficError('FOREIGN_HOST', `This listener does not serve the host ${JSON.stringify(hosts.join(', ').slice(0, 200))}.`);
  // Node refuses two lengths and the like itself, but begins a request whose body it will not be able to end.
  const codings = fieldValues(rawHeaders, 'transfer-encoding');
  if (codings.length > 1 || codings.some((coding) => coding.toLowerCase() !== 'chunked'))
    return new TrafficError('BAD_REQUEST', 'The only transfer coding of a request can be chunked.');
  const foreign = fieldValues(rawHeaders, 'origin').find((origin) => !isLocalOrigin(origin, boundHost));
  if (foreign === undefined) return undefined;
  return new TrafficError('FOREIGN_ORIGIN', `This listener does not serve pages of the origin ${JSON.stringify(foreign.slice(0, 200))}.`);
}

function isLocalOrigin(origin: string, boundHost: string): boolean {
  const authority = /^https?:\/\/([^/?#@]*)$/i.exec(origin)?.[1];
  return authority !== undefined && isLocal(hostname(authority), boundHost);
}

function isLocal(name: string | undefined, boundHost: string): boolean {
  return name !== undefined && (localName.test(name) || name.toLowerCase() === boundHost.toLowerCase());
}

function hostname(authority: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:@[\]\s]+)(?::\d{1,5})?$/i.exec(authority)?.[1];
}
