/** Takes known secrets out of a row: a peer may put one anywhere, as the name of a tool or into the words of a failure. */
import { MASK } from '../../shared/redaction/mask-text.ts';

/** Shorter ones stand in ordinary words. */
const MIN_SECRET = 6;

/** The same row where none of them is in it, which is usual. */
export function withoutValues<T extends object>(row: T, secretValues: Iterable<string>): T {
  const secrets = [...secretValues].filter(({ length }) => length >= MIN_SECRET);
  if (secrets.length === 0) return row;
  const text = JSON.stringify(row);
  // As it stands inside of a JSON string.
  const isIn = secrets.some(secret => text.includes(JSON.stringify(secret).slice(1, -1)));
  return isIn ? (masked(row, secrets) as T) : row;
}

function masked(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, MASK), value);
  if (Array.isArray(value)) return value.map(item => masked(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, masked(item, secrets)]));
}
