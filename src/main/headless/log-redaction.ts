/** What a log line may show: facts without secrets, neither by their names nor by their values, and no larger than a line should be. */
import { isSecretName, MASK, maskText } from '../../shared/redaction/mask-text.ts';

/** Facts are flat or nearly so; whatever is larger is a payload, and payloads are not logged. */
const MAX_DEPTH = 5;
const MAX_ITEMS = 50;
const MAX_TEXT = 2_000;
/** Shorter values stand in ordinary words. */
const MIN_SECRET = 6;

/** Part of every token with a well-known form; most lines have none of them. */
const tokenStem = /Bearer|Basic|eyJ|sk-|[rs]k_live_|gh[opsu]_|github_pat_|glpat-|xox|AKIA|AIza/;

/** Adds the facts to `shown`, with secrets masked. `isHidden` tells of further paths, such as `headers.x-internal`. */
export function addRedacted(
  shown: Record<string, unknown>,
  facts: Readonly<Record<string, unknown>>,
  isHidden: (path: string) => boolean,
): void {
  for (const name of Object.keys(facts)) {
    const value = facts[name];
    if (value !== undefined) shown[name] = shownValue(value, name, name, isHidden, 1);
  }
}

/** Words of a message or a fact, no longer than a line should hold. */
export function cutText(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/** The line without tokens that can be told by their form, and without the values that are known to be secret, wherever they stand. */
export function withoutSecrets(line: string, secretValues: Iterable<string>): string {
  let shown = tokenStem.test(line) ? maskText(line).text : line;
  for (const secret of secretValues) {
    if (secret.length < MIN_SECRET) continue;
    if (shown.includes(secret)) shown = shown.replaceAll(secret, MASK);
    // As it stands inside of a JSON string.
    const quoted = JSON.stringify(secret).slice(1, -1);
    if (quoted !== secret && shown.includes(quoted)) shown = shown.replaceAll(quoted, MASK);
  }
  return shown;
}

/** Paths with `*` for one name: `headers.*`, `*.cookie`. */
export function pathMatcher(paths: readonly string[]): (path: string) => boolean {
  if (paths.length === 0) return () => false;
  const patterns = paths.map(path => new RegExp(`^${path.split('.').map(segmentPattern).join('\\.')}$`, 'i'));
  return path => patterns.some(pattern => pattern.test(path));
}

const segmentPattern = (segment: string) => (segment === '*' ? '[^.]+' : segment.replaceAll(/[^\w-]/g, '\\$&'));

function shownValue(value: unknown, name: string, path: string, isHidden: (path: string) => boolean, depth: number): unknown {
  if (value === undefined || value === null || typeof value === 'boolean') return value;
  if (isSecret(name) || isHidden(path)) return MASK;
  if (typeof value === 'string') return cutText(value);
  if (typeof value === 'number') return value;
  if (value instanceof Error) return cutText(`${value.name}: ${value.message}`);
  if (typeof value !== 'object') return typeof value === 'bigint' ? String(value) : `a ${typeof value}`;
  if (depth >= MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(item => shownValue(item, name, path, isHidden, depth + 1));
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(entries.map(([key, item]) => [key, shownValue(item, key, `${path}.${key}`, isHidden, depth + 1)]));
}

/** Facts have the same names line after line. */
const verdictByName = new Map<string, boolean>();
const MAX_NAMES = 1_000;

function isSecret(name: string): boolean {
  const known = verdictByName.get(name);
  if (known !== undefined) return known;
  const verdict = isSecretName(name);
  if (verdictByName.size < MAX_NAMES) verdictByName.set(name, verdict);
  return verdict;
}
