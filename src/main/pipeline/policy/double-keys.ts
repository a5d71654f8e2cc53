/**
 * Finds keys that one object has twice. Readers disagree about which of them counts, and a policy must not judge another call
 * than the one that the server makes of it. In a message and its params also keys that differ in case alone: some readers take
 * `Method` for `method`.
 */

/** Objects within objects down to here: a message and its params. Arguments may well have an `a` and an `A`. */
const CASELESS_DEPTH = 2;

/** The first such key of a valid JSON text; undefined when there is none. Takes time in proportion to the text. */
export function doubleKey(text: string): string | undefined {
  /** Keys of the objects that are open; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let objectDepth = 0;
  let isKey = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = stringEnd(text, at);
        const keys = open.at(-1);
        if (isKey && keys !== undefined) {
          const key = keyOf(text.slice(at, end));
          const compared = objectDepth <= CASELESS_DEPTH ? key.toLowerCase() : key;
          if (keys.has(compared)) return key;
          keys.add(compared);
        }
        isKey = false;
        at = end - 1;
        break;
      }
      case OPEN_BRACE:
        open.push(new Set());
        objectDepth += 1;
        isKey = true;
        break;
      case OPEN_BRACKET:
        open.push(undefined);
        break;
      case CLOSE_BRACE:
        objectDepth -= 1;
        open.pop();
        break;
      case CLOSE_BRACKET:
        open.pop();
        break;
      case COMMA:
        isKey = open.at(-1) !== undefined;
        break;
      default:
    }
  }
  return undefined;
}

function keyOf(quoted: string): string {
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === BACKSLASH) at += 1;
    else if (char === QUOTE) return at + 1;
  }
  return text.length;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
