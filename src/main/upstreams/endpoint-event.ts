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
const names = ['event', 'data', 'id', 'retry'];
const known = /^(?:id|retry):/;

/** Looks at all bytes of the stream so far. */
export function findEndpoint(bytes: Uint8Array): FoundEndpoint {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_HELD_BYTES)).toString('latin1');
  const line = /([^\r\n]*)(\r\n|\n|\r(?=[^\n]))/y;
  const event: FirstEvent = { from: 0, isEndpoint: false, uri: undefined };
  for (;;) {
    const start = line.lastIndex;
    const found = line.exec(text);
    if (found === null) return bytes.length < MAX_HELD_BYTES && mayGoOn(text.slice(start)) ? { kind: 'maybe', passBytes: event.from } : no;
    const content = found[1] as string;
    if (content === '' && event.uri !== undefined)
      return event.isEndpoint ? { kind: 'endpoint', from: event.from, to: line.lastIndex, uri: event.uri } : no;
    if (content === '' || (content.startsWith(':') && event.from === start)) event.from = line.lastIndex;
    else if (!takeLine(event, content)) return no;
  }
}

/** The first event that is none of comments alone, as far as it was read. */
interface FirstEvent {
  from: number;
  isEndpoint: boolean;
  uri: string | undefined;
}

/** False when the event cannot be an endpoint any more. */
function takeLine(event: FirstEvent, content: string): boolean {
  const value = valueOf(content);
  if (content.startsWith('event:')) {
    event.isEndpoint = value === 'endpoint';
    return event.isEndpoint;
  }
  if (!content.startsWith('data:')) return true;
  // An endpoint is one line; a second one, or JSON, is some other event.
  if (event.uri !== undefined || !mayBeUri(value)) return false;
  event.uri = value;
  return true;
}

/** Whether an unfinished line may become one of an endpoint event. */
function mayGoOn(tail: string): boolean {
  const value = valueOf(tail);
  if (tail.startsWith('event:')) return 'endpoint'.startsWith(value);
  if (tail.startsWith('data:')) return mayBeUri(value);
  return tail.startsWith(':') || known.test(tail) || names.some(name => name.startsWith(tail.replace(/\r$/, '')));
}

function mayBeUri(value: string): boolean {
  return value === '' || /^[/?.a-z]/i.test(value);
}

function valueOf(line: string): string {
  return line
    .slice(line.indexOf(':') + 1)
    .replace(/^ /, '')
    .replace(/\r$/, '');
}
