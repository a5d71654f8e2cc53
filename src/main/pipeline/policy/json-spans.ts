/** Where values stand in a JSON text, so that a part can be taken out and everything else stays as it is, byte for byte. */

export interface Span {
  readonly from: number;
  /** Behind its last character. */
  readonly to: number;
}

/**
 * The elements of an array that stands under these keys of nested objects, as spans of the text (which must be valid JSON). An
 * empty path means the text itself. Undefined when there is no array there, or when a key on the way is there twice: readers
 * then disagree about which one counts.
 */
export function elementSpans(
  text: string,
  path: readonly string[] = [],
  within: Span = { from: 0, to: text.length },
): readonly Span[] | undefined {
  let at = skipSpace(text, within.from);
  for (const key of path) {
    const found = memberStart(text, at, key);
    if (found === undefined) return undefined;
    at = found;
  }
  return text[at] === '[' ? spansIn(text, at) : undefined;
}

/** The text without the elements that are not kept: each goes with the separator before it, the first kept one loses its own. */
export function withoutElements(text: string, spans: readonly Span[], isKept: readonly boolean[]): string {
  const [first] = spans;
  const last = spans.at(-1);
  if (first === undefined || last === undefined) return text;
  let kept = '';
  let isFirst = true;
  for (const [at, span] of spans.entries()) {
    if (isKept[at] !== true) continue;
    kept += text.slice(isFirst ? span.from : (spans[at - 1] as Span).to, span.to);
    isFirst = false;
  }
  return text.slice(0, first.from) + kept + text.slice(last.to);
}

/** The text with some elements replaced. */
export function withElements(text: string, spans: readonly Span[], replacements: readonly (string | undefined)[]): string {
  let result = '';
  let at = 0;
  for (const [index, span] of spans.entries()) {
    const replacement = replacements[index];
    if (replacement === undefined) continue;
    result += text.slice(at, span.from) + replacement;
    at = span.to;
  }
  return result + text.slice(at);
}

/** Where the value of a key begins; undefined for what is no object, has no such key, or has it twice. */
function memberStart(text: string, start: number, key: string): number | undefined {
  if (text[start] !== '{') return undefined;
  let found: number | undefined;
  let at = skipSpace(text, start + 1);
  while (text[at] === '"') {
    const end = stringEnd(text, at);
    const name: unknown = JSON.parse(text.slice(at, end));
    const value = skipSpace(text, skipSpace(text, end) + 1);
    if (name === key) {
      if (found !== undefined) return undefined;
      found = value;
    }
    at = skipSpace(text, valueEnd(text, value));
    if (text[at] !== ',') break;
    at = skipSpace(text, at + 1);
  }
  return found;
}

function spansIn(text: string, start: number): Span[] {
  const spans: Span[] = [];
  let at = skipSpace(text, start + 1);
  while (at < text.length && text[at] !== ']') {
    const to = valueEnd(text, at);
    spans.push({ from: at, to });
    at = skipSpace(text, to);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return spans;
}

function valueEnd(text: string, start: number): number {
  const opening = text[start];
  if (opening === '"') return stringEnd(text, start);
  if (opening !== '{' && opening !== '[') return scalarEnd(text, start);
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      at = stringEnd(text, at);
      continue;
    }
    if (char === OPEN_BRACE || char === OPEN_BRACKET) depth += 1;
    else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return text.length;
}

function scalarEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && !',]}'.includes(text[at] as string) && text.charCodeAt(at) > SPACE) at += 1;
  return at;
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) <= SPACE) at += 1;
  return at;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
