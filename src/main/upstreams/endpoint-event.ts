/** Finds the `endpoint` event at the start of an event stream, deciding as early as the bytes allow. */

/** An endpoint event has some hundred bytes; a first event longer than this is not held back for a closer look. */
const MAX_HELD_BYTES = 16 * 1024;

export type FoundEndpoint =
  /** The stream does not begin with one. */
  | { readonly kind: 'no' }
  /** Not to be told yet; the first `passBytes` bytes are comments and blank lines and can go on. */
  | { readonly kind: 'maybe'; readonly passBytes: number }
  /** Its bytes are `from` … `to`, blank line included. */
  | { readonly kind: 'endpoint'; readonly from: number; readonly to: number; readonly uri: string };

const no: FoundEndpoint = { kind: 'no' };
const expected = /^(?:event|data|id|retry)?$|^(?:event|data|id|retry):/;

/** Looks at all bytes of the stream so far. */
export function findEndpoint(bytes: Uint8Array): FoundEndpoint {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_HELD_BYTES)).toString('latin1');
  const line = /([^\r\n]*)(\r\n|\n|\r(?=[^\n]))/y;
  let from = 0;
  let isEndpoint = false;
  let uri: string | undefined;
  for (;;) {
    const start = line.lastIndex;
    const found = line.exec(text);
    if (found === null) return maybe(text.slice(start), { from, isEndpoint, isFull: bytes.length >= MAX_HELD_BYTES });
    const content = found[1] as string;
    const isEventEnd = content === '';
    if (isEventEnd && isEndpoint && uri !== undefined) return { kind: 'endpoint', from, to: line.lastIndex, uri };
    if (isEventEnd && uri !== undefined) return no;
    if (isEventEnd || (content.startsWith(':') && from === start)) from = line.lastIndex;
    else if (content.startsWith('event:')) {
      if (valueOf(content) !== 'endpoint') return no;
      isEndpoint = true;
    } else if (content.startsWith('data:')) {
      // An endpoint is one line; a second one, or JSON, is some other event.
      if (uri !== undefined || !mayBeUri(valueOf(content))) return no;
      uri = valueOf(content);
    }
  }
}

function maybe(tail: string, { from, isEndpoint, isFull }: { from: number; isEndpoint: boolean; isFull: boolean }): FoundEndpoint {
  const held: FoundEndpoint = { kind: 'maybe', passBytes: from };
  if (isFull) return no;
  if (isEndpoint || tail === '' || tail.startsWith(':')) return held;
  if (tail.startsWith('event:')) return 'endpoint'.startsWith(valueOf(tail)) || tail.trimEnd() === 'event: endpoint' ? held : no;
  if (tail.startsWith('data:')) return mayBeUri(valueOf(tail)) ? held : no;
  return expected.test(tail) || ['event', 'data', 'id', 'retry'].some((name) => name.startsWith(tail)) ? held : no;
}

function mayBeUri(value: string): boolean {
  return value === '' || /^[/?.a-z]/i.test(value);
}

function valueOf(line: string): string {
  return line.slice(line.indexOf(':') + 1).replace(/^ /, '').replace(/\r$/, '');
}
