/** Addresses as limits see them: IPv6 by its /64, an IPv4 address in the clothes of an IPv6 one as what it is. */
import { BlockList, isIP, SocketAddress } from 'node:net';

/** The key of an address; what is no address is its own key. */
export function addressKey(ip: string): string {
  if (!ip.includes(':') && !ip.includes('%')) return ip;
  const plain = plainAddress(ip);
  return isIP(plain) === 6 ? `${network64(plain)}/64` : plain;
}

/** Without a zone (`%eth0`), and IPv4-mapped addresses as IPv4. */
export function plainAddress(ip: string): string {
  const address = ip.split('%', 1)[0] as string;
  if (isIP(address) !== 6) return address;
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  const mapped = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(canonical);
  if (mapped === null) return canonical;
  const [, dotted, high = '0', low = '0'] = mapped;
  if (dotted !== undefined) return dotted;
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `${upper >> 8}.${upper & 255}.${lower >> 8}.${lower & 255}`;
}

/** `10.0.0.0/8`, `2001:db8::/32` or a single address. Undefined for anything else. */
export function addressRange(text: string): ((ip: string) => boolean) | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  if (version === 0 || rest.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined;
  const bits = length === undefined ? longest : Number(length);
  if (bits > longest) return undefined;
  const list = new BlockList();
  list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  return ip => {
    const plain = plainAddress(ip);
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** The first four groups of a canonical address. */
function network64(address: string): string {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return `${before.slice(0, 4).join(':')}::`;
  const after = tail === '' ? [] : tail.split(':');
  const groups = [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after];
  return `${groups.slice(0, 4).join(':')}::`;
}
