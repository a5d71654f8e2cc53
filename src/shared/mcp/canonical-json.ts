/** JSON with its keys in order, so that equal values have equal texts. */

/** Text between values: brackets, commas, keys. */
class Between {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * RFC 8785 in what matters here: keys sorted by code unit, no spaces. Walks with a stack of its own: JSON.parse takes any depth, and
 * what is called with it must not be lost because its arguments are nested deeper than calls can be.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
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
