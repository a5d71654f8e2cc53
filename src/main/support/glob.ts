/** Globs: `*` stands for any text, everything else for itself. Matching takes time in proportion to the text, whatever the pattern. */

/** A glob, compiled. Upper and lower case differ. */
export interface Glob {
  readonly text: string;
  matches(subject: string): boolean;
  /** How closely it names something: an exact name before a prefix before a suffix before `*`, a longer one before a shorter one. */
  readonly specificity: number;
}

/** Ranks leave room for the length of the literal text below them. */
const RANK = 1000;

export function compileGlob(text: string): Glob {
  const parts = text.split('*');
  const literalLength = text.length - (parts.length - 1);
  if (parts.length === 1) return { text, specificity: 3 * RANK + literalLength, matches: subject => subject === text };
  const first = parts[0] as string;
  const last = parts.at(-1) as string;
  const middle = parts
    .slice(1, -1)
    .filter(part => part !== '')
    .map(part => new Needle(part));
  const rank = first !== '' ? 2 : literalLength > 0 ? 1 : 0;
  return { text, specificity: rank * RANK + literalLength, matches: subject => matchesParts(subject, first, middle, last) };
}

/** The closest of those that match; undefined when none does. */
export function bestMatch(globs: readonly Glob[], subject: string): Glob | undefined {
  let best: Glob | undefined;
  for (const glob of globs) if (glob.matches(subject) && (best === undefined || glob.specificity > best.specificity)) best = glob;
  return best;
}

/** True for texts that one of the globs matches. */
export function anyGlobMatch(texts: readonly string[]): (subject: string) => boolean {
  const exact = new Set(texts.filter(text => !text.includes('*')));
  const globs = texts.filter(text => text.includes('*')).map(text => compileGlob(text));
  return subject => exact.has(subject) || globs.some(glob => glob.matches(subject));
}

/** The leftmost place is right for every middle part: taking a later one could only leave less for the rest. */
function matchesParts(subject: string, first: string, middle: readonly Needle[], last: string): boolean {
  if (subject.length < first.length + last.length || !subject.startsWith(first) || !subject.endsWith(last)) return false;
  const end = subject.length - last.length;
  let at = first.length;
  for (const needle of middle) {
    at = needle.endIn(subject, at, end);
    if (at < 0) return false;
  }
  return true;
}

/** Knuth, Morris and Pratt: no text and no pattern makes it look at a character more than twice. */
class Needle {
  readonly #text: string;
  /** Per position: how much of the beginning still fits when the next character does not. */
  readonly #fallback: readonly number[];

  constructor(text: string) {
    this.#text = text;
    const fallback = [0];
    let fits = 0;
    for (let at = 1; at < text.length; at += 1) {
      while (fits > 0 && text[at] !== text[fits]) fits = fallback[fits - 1] as number;
      if (text[at] === text[fits]) fits += 1;
      fallback.push(fits);
    }
    this.#fallback = fallback;
  }

  /** Where the first occurrence between `from` and `to` ends; -1 when there is none. */
  endIn(subject: string, from: number, to: number): number {
    let fits = 0;
    for (let at = from; at < to; at += 1) {
      while (fits > 0 && subject[at] !== this.#text[fits]) fits = this.#fallback[fits - 1] as number;
      if (subject[at] === this.#text[fits]) fits += 1;
      if (fits === this.#text.length) return at + 1;
    }
    return -1;
  }
}
