/** JSON with its keys in order, so that equal values have equal texts. */

/** Text between values: brackets, commas, keys. */
class Between {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Far deeper than what anybody sends in earnest, and far from where calls end. */
const MAX_CALLS = 100;

/**
 * RFC 8785 in what matters here: keys sorted by code unit, no spaces. Any depth: JSON.parse takes any, and what is called with it
 * must not be lost because its arguments are nested deeper than calls can be.
 */
export function canonicalJson(value: unknown): string {
  return isInOrder(value, 0) ? (JSON.stringify(value) ?? 'null') : textOf(value, 0);
}

/** The text of such a value is canonical as it is: JSON.stringify takes the keys as Object.keys gives them. */
function isInOrder(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === MAX_CALLS) return false;
  if (Array.isArray(value)) return value.every(item => isInOrder(item, depth + 1));
  const fields = value as Readonly<Record<string, unknown>>;
  let before = '';
  for (const key of Object.keys(fields)) {
    if (key < before || !isInOrder(fields[key], depth + 1)) return false;
    before = key;
  }
  return true;
}

/** By calls of itself, which is several times cheaper than a stack of its own; what is deeper than usual gets that. */
function textOf(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (depth === MAX_CALLS) return textOfAnyDepth(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) text += `${text === '' ? '' : ','}${textOf(item, depth + 1)}`;
    return `[${text}]`;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(fields).sort()) {
    const member = fields[key];
    if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${textOf(member, depth + 1)}`;
  }
  return `{${text}}`;
}

/** Walks with a stack of its own. */
function textOfAnyDepth(value: object): string {
  let text = '';
  const ahead: unknown[] = [value];
  while (ahead.length > 0) {
    const next = ahead.pop();
    if (next instanceof Between) text += next.text;
    else if (typeof next !== 'object' || next === null) text += JSON.stringify(next) ?? 'null';
    else if (Array.isArray(next)) arrayAhead(next, ahead);
    else objectAhead(next as Readonly<Record<string, unknown>>, ahead);
  }
  return text;
}

/** The last one first: it is taken from the end. */
function arrayAhead(items: readonly unknown[], ahead: unknown[]): void {
  ahead.push(end.array);
  for (let at = items.length - 1; at >= 0; at -= 1) {
    ahead.push(items[at]);
    if (at > 0) ahead.push(comma);
  }
  ahead.push(start.array);
}

function objectAhead(fields: Readonly<Record<string, unknown>>, ahead: unknown[]): void {
  const keys = Object.keys(fields)
    .filter(key => fields[key] !== undefined)
    .sort();
  ahead.push(end.object);
  for (let at = keys.length - 1; at >= 0; at -= 1) {
    const key = keys[at] as string;
    ahead.push(fields[key], new Between(`${at > 0 ? ',' : ''}${JSON.stringify(key)}:`));
  }
  ahead.push(start.object);
}

const comma = new Between(',');
const start = { array: new Between('['), object: new Between('{') };
const end = { array: new Between(']'), object: new Between('}') };
