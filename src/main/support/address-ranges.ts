/** Which addresses are nobody's business from outside: loopback, private, link-local, and whatever else is not the public internet. */
import { BlockList, isIP } from 'node:net';

export type AddressKind = 'loopback' | 'private' | 'public';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

// IANA special-purpose registries (RFC 6890 and updates). Ranges that embed an IPv4 address (NAT64, 6to4, Teredo) are in
// as wholes: what they lead to cannot be told by looking.
const special = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  special.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  special.addSubnet(network, prefix, 'ipv6');

/** Whether only this machine is reached by a host name or an address, in brackets or not. */
export function isLoopbackHost(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '').toLowerCase();
  return plain === 'localhost' || addressKind(plain) === 'loopback';
}

/** Of an address as text; whatever is no address counts as private. IPv4 in IPv6 (`::ffff:10.0.0.1`) is judged as IPv4. */
export function addressKind(address: string): AddressKind {
  const version = isIP(address);
  if (version === 0) return 'private';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (loopback.check(address, family)) return 'loopback';
  return special.check(address, family) ? 'private' : 'public';
}
