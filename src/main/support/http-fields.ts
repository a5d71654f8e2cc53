/** HTTP header fields as flat name/value lists, the way they stand on the wire: order, case and repeats are kept. */

/** RFC 9110, section 7.6.1, and the older `Proxy-*` and `Keep-Alive`: these describe one connection, not the message. */
const hopByHop = new Set(['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']);
/** The lengths of those names: most fields are kept without lower-casing them. */
const hopByHopLengths = new Set([...hopByHop].map(name => name.length));

/** A `Connection` field may not name these away: without them the other side would see other messages than we do. */
const neverNamedAway = new Set(['content-encoding', 'content-length', 'content-type', 'host', 'transfer-encoding']);

/** The value of the first field with this name (given in lower case). */
export function fieldValue(rawHeaders: readonly string[], lowerName: string): string | undefined {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return rawHeaders[at + 1];
  }
  return undefined;
}

/** All values of the fields with this name (given in lower case), in order. */
export function fieldValues(rawHeaders: readonly string[], lowerName: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) values.push(rawHeaders[at + 1] as string);
  }
  return values;
}

/** The fields that go on to the next hop: all but the hop-by-hop ones and those that `Connection` names. */
export function forwardedFields(rawHeaders: readonly string[]): string[] {
  const named = namedByConnection(rawHeaders);
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (!isOfConnection(name) && named?.has(name.toLowerCase()) !== true) kept.push(name, rawHeaders[at + 1] as string);
  }
  return kept;
}

function isOfConnection(name: string): boolean {
  if (hopByHopLengths.has(name.length) && hopByHop.has(name.toLowerCase())) return true;
  const first = name.charCodeAt(0);
  return (first === 0x70 || first === 0x50) && name.toLowerCase().startsWith('proxy-');
}

/** The list as pairs, for the record. */
export function fieldPairs(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) pairs.push([rawHeaders[at] as string, rawHeaders[at + 1] as string]);
  return pairs;
}

function namedByConnection(rawHeaders: readonly string[]): Set<string> | undefined {
  let named: Set<string> | undefined;
  for (const value of fieldValues(rawHeaders, 'connection')) {
    if (value === 'keep-alive' || value === 'close') continue;
    named ??= new Set();
    for (const token of value.split(',')) {
      const name = token.trim().toLowerCase();
      if (!neverNamedAway.has(name) && !name.startsWith('mcp-')) named.add(name);
    }
  }
  return named;
}
