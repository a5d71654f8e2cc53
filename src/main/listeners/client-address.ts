/** Whose request it is when proxies stand before us: the right-most hop that is not one of the trusted ones. */
import { BlockList, isIP } from 'node:net';
import { fieldValues } from '../support/http-fields.ts';

/** The addresses of proxies whose X-Forwarded-For is believed. Throws on what is no address and no CIDR. */
export function trustedProxies(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** More hops than this are somebody's game; those beyond are not looked at. */
const MAX_HOPS = 20;

export function clientAddress(peer: string, rawHeaders: readonly string[], trusted: BlockList): string {
  let address = plain(peer);
  if (!isTrusted(address, trusted)) return address;
  const hops = fieldValues(rawHeaders, 'x-forwarded-for')
    .join(',')
    .split(',')
    .map(hop => hop.trim())
    .filter(hop => hop !== '')
    .slice(-MAX_HOPS);
  for (const hop of hops.reverse()) {
    const next = plain(hop.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1'));
    // What is no address was written by somebody who is not trusted to write one.
    if (isIP(next) === 0) return address;
    address = next;
    if (!isTrusted(address, trusted)) return address;
  }
  return address;
}

/** IPv4 addresses as such, also where the socket is one for IPv6. */
function plain(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const family = isIP(address);
  return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
