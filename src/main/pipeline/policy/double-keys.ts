/**
 * Finds keys that readers disagree about, because a policy must not judge another call than the one that the server makes of it:
 * keys that one object has twice, and, as some readers take `Method` for `method`, in a message and its params also keys that
 * differ from another one, or from the name of a member of the protocol, in case alone.
 */

/** Objects within objects down to here: a message and its params. Arguments may well have an `a` and an `A`. */
const CASELESS_DEPTH = 2;

/** Members that say what a message does, by the depth of their object. */
const members: readonly ReadonlySet<string>[] = [
  new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error']),
  new Set(['_meta', 'name', 'arguments', 'uri', 'ref', 'cursor', 'task', 'requeststate', 'inputresponses']),
];

/** The ones of these that the protocol itself writes with capitals. */
const camelCase = new Set(['requestState', 'inputResponses']);

export interface UnclearKey {
  readonly key: string;
  readonly problem: 'twice' | 'case';
}

/** The first such key of a valid JSON text; undefined when there is none. Takes time in proportion to the text. */
export function unclearKey(text: string): UnclearKey | undefined {
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
          const problem = problemOf(key, keys, objectDepth);
          if (problem !== undefined) return { key, problem };
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

/** Takes the key to the others of its object. */
function problemOf(key: string, keys: Set<string>, depth: number): UnclearKey['problem'] | undefined {
  const compared = depth <= CASELESS_DEPTH ? folded(key) : key;
  if (keys.has(compared)) return 'twice';
  keys.add(compared);
  return compared !== key && !camelCase.has(key) && members[depth - 1]?.has(compared) === true ? 'case' : undefined;
}

/** Also letters that some readers take for others: the long s (U+017F) for an s, the Kelvin sign (U+212A) for a k. */
function folded(key: string): string {
  return isFolded.test(key) ? key : key.toUpperCase().toLowerCase();
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

/** What most keys are made of. */
const isFolded = /^[a-z_]*$/;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
