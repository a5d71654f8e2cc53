/** Who may talk to a loopback listener: no foreign Host (DNS rebinding), no foreign Origin (a web page calling home), no framing that two readers could take differently. */
import { isIP } from 'node:net';
import { TrafficError } from '../../shared/errors/error-table.ts';

const localName = /^(?:localhost|127\.0\.0\.1|\[::1\])$/i;

/** What a door lets in, besides the local names. */
export interface DoorRules {
  /** What the listener was told to bind: local as well. */
  readonly boundHost: string;
  /** Further host names, lower case, without port. */
  readonly hosts: ReadonlySet<string>;
  /** Further origins of pages, lower case, as browsers write them. */
  readonly origins: ReadonlySet<string>;
  /** Bound to every address: any address of this machine is served. DNS rebinding needs a name, so addresses are safe. */
  readonly servesAddresses: boolean;
}

/** Nothing but the local names and the bound address. */
export function localDoor(boundHost: string): DoorRules {
  return { boundHost, hosts: new Set(), origins: new Set(), servesAddresses: false };
}

/** The reason to refuse, or undefined. */
export function refusalAtDoor(path: string, rawHeaders: readonly string[], door: DoorRules): TrafficError | undefined {
  const { hosts, codings, origins } = doorFields(rawHeaders);
  // An absolute target says where the request is meant to go, whatever Host says (RFC 9112, section 3.2.2).
  const authority = path.startsWith('/') ? undefined : /^https?:\/\/([^/?#]*)/i.exec(path)?.[1];
  if (authority !== undefined) hosts.push(authority);
  else if (!path.startsWith('/') && path !== '*')
    return new TrafficError('BAD_REQUEST', 'The target of a request is a path, *, or an http URL.');
  if (hosts.length === 0) return new TrafficError('BAD_REQUEST', 'The request names no Host.');
  if ((authority === undefined && hosts.length > 1) || !hosts.every(host => isServed(hostname(host), door)))
    return new TrafficError('FOREIGN_HOST', `This listener does not serve the host ${JSON.stringify(hosts.join(', ').slice(0, 200))}.`);
  // Node refuses two lengths and the like itself, but begins a request whose body it will not be able to end.
  if (codings.length > 1 || codings.some(coding => coding.toLowerCase() !== 'chunked'))
    return new TrafficError('BAD_REQUEST', 'The only transfer coding of a request can be chunked.');
  const foreign = origins.find(origin => !isServedOrigin(origin, door));
  if (foreign === undefined) return undefined;
  return new TrafficError('FOREIGN_ORIGIN', `This listener does not serve pages of the origin ${JSON.stringify(foreign.slice(0, 200))}.`);
}

/** The fields that decide here, found in one pass over the head. */
function doorFields(rawHeaders: readonly string[]): { readonly hosts: string[]; readonly codings: string[]; readonly origins: string[] } {
  const found = { hosts: [] as string[], codings: [] as string[], origins: [] as string[] };
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    // 4, 6 and 17: the lengths of the three names; most fields are skipped without lower-casing.
    if (name.length !== 4 && name.length !== 6 && name.length !== 17) continue;
    const lower = name.toLowerCase();
    const value = rawHeaders[at + 1] as string;
    if (lower === 'host') found.hosts.push(value);
    else if (lower === 'origin') found.origins.push(value);
    else if (lower === 'transfer-encoding') found.codings.push(value);
  }
  return found;
}

/** Whether pages of this origin may call. */
export function isServedOrigin(origin: string, door: DoorRules): boolean {
  if (door.origins.has(origin.toLowerCase())) return true;
  const authority = /^https?:\/\/([^/?#@]*)$/i.exec(origin)?.[1];
  return authority !== undefined && isLocal(hostname(authority), door.boundHost);
}

function isServed(name: string | undefined, door: DoorRules): boolean {
  if (name === undefined) return false;
  if (isLocal(name, door.boundHost) || door.hosts.has(name.toLowerCase())) return true;
  return door.servesAddresses && isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}

function isLocal(name: string | undefined, boundHost: string): boolean {
  return name !== undefined && (localName.test(name) || name.toLowerCase() === boundHost.toLowerCase());
}

function hostname(authority: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:@[\]\s]+)(?::\d{1,5})?$/i.exec(authority)?.[1];
}
