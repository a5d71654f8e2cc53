/** Reads keys and their values: words from fixed lists, texts with `*`, durations and sizes. */
import { FilterError } from './filter-error.ts';
import {
  filterKeys,
  fromWords,
  kindWords,
  statusWords,
  type Comparison,
  type FilterKey,
  type FilterValue,
  type Span,
} from './filter-tree.ts';
import { nearestWord } from './nearest-word.ts';

/** Keys of keys that take words from a list. Long forms are read too. */
const wordLists: Partial<Record<FilterKey, readonly string[]>> = { kind: kindWords, from: fromWords, status: statusWords };
const longForms: Readonly<Record<string, string>> = { request: 'req', response: 'res', notification: 'note' };

/** Milliseconds and bytes per unit. Sizes count in thousands, as the size column does; `kib` and `mib` in 1,024s. */
const durationUnits: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };
const sizeUnits: Readonly<Record<string, number>> = {
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/** The key of this name; letter case does not matter. */
export function readKey(name: string, span: Span): FilterKey {
  const known = filterKeys.find(key => key === name.toLowerCase());
  if (known !== undefined) return known;
  const nearest = nearestWord(name.toLowerCase(), filterKeys);
  const advice = nearest === undefined ? `Keys are ${filterKeys.join(', ')}` : `Did you mean "${nearest}"?`;
  throw new FilterError(`Unknown key "${name}". ${advice} To search for the text, put it in quotes.`, span);
}

/** One value of a key. */
export function readValue(key: FilterKey, raw: string, isQuoted: boolean, span: Span): FilterValue {
  if (raw === '') throw new FilterError(`"${key}:" needs a value`, span);
  if (key === 'dur') return readAmount(key, raw, durationUnits, 'ms', span);
  if (key === 'size') return readAmount(key, raw, sizeUnits, 'b', span);
  if (key === 'time') return readMoment(raw, span);
  const words = wordLists[key];
  if (words !== undefined) return { kind: 'exact', text: readWord(key, raw, words, span) };
  return !isQuoted && raw.includes('*') ? { kind: 'glob', pattern: raw } : { kind: 'exact', text: raw };
}

function readWord(key: FilterKey, raw: string, words: readonly string[], span: Span): string {
  const word = raw.toLowerCase();
  const known = key === 'kind' ? (longForms[word] ?? word) : word;
  if (words.includes(known)) return known;
  const nearest = nearestWord(word, words);
  const advice = nearest === undefined ? `One of ${words.join(', ')}` : `Did you mean "${nearest}"?`;
  throw new FilterError(`"${raw}" is no ${key}. ${advice}`, span);
}

function readAmount(key: FilterKey, raw: string, units: Readonly<Record<string, number>>, defaultUnit: string, span: Span): FilterValue {
  const match = /^(>=|<=|>|<|=)?(\d+(?:\.\d+)?(?:e[+-]?\d+)?)([a-z]*)$/i.exec(raw);
  const factor = units[match?.[3]?.toLowerCase() || defaultUnit];
  const amount = Number(match?.[2]) * (factor ?? Number.NaN);
  if (match === null || !Number.isFinite(amount)) {
    const example = key === 'dur' ? 'dur:>500ms' : 'size:>100kb';
    throw new FilterError(
      `"${raw}" is no ${key === 'dur' ? 'duration' : 'size'}. Write it as in ${example}; units are ${Object.keys(units).join(', ')}`,
      span,
    );
  }
  return { kind: 'compare', comparison: (match[1] ?? '=') as Comparison, amount };
}

/** A moment of ISO 8601; without a zone it is one of the host's clock, a day alone begins at midnight. */
function readMoment(raw: string, span: Span): FilterValue {
  const match = /^(>=|<=|>|<|=)?(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)?)?$/i.exec(raw);
  const amount = match === null ? Number.NaN : Date.parse(`${match[2]}${match[3] ?? 'T00:00'}`.toUpperCase());
  if (match === null || !Number.isFinite(amount))
    throw new FilterError(`"${raw}" is no moment. Write it as in time:>=2026-11-27T14:02:07, with Z at the end for UTC`, span);
  return { kind: 'compare', comparison: (match[1] ?? '=') as Comparison, amount };
}
