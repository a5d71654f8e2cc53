/**
 * Reads the filter grammar:
 *   filter = any; any = all ("or" all)*; all = one (["and"] one)*
 *   one    = ("-" | "not") one | "(" any ")" | key ":" value ("," value)* | word | "quoted phrase"
 */
import type { Filter, FilterReading, FilterValue, Span } from './filter-tree.ts';
import { readKey, readValue } from './filter-values.ts';
import { FilterError } from './filter-error.ts';

/** Deeper nesting is no filter a person writes, and would overflow the stack here and in SQL. */
const MAX_DEPTH = 30;
/** Values of a key count one by one: in SQL each is a condition of its own. */
const MAX_TERMS = 100;
/** Each full-text term keeps a set of its matches while a view is open. */
const MAX_TEXT_TERMS = 16;

/** Reads a text; on failure says what is wrong and where. */
export function readFilter(text: string): FilterReading {
  try {
    return { ok: true, filter: new Reader(text).readAll() };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return { ok: false, message: error.message, start: error.span.start, end: error.span.end };
  }
}

class Reader {
  #text: string;
  #at = 0;
  #depth = 0;
  #termCount = 0;
  #textTermCount = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readAll(): Filter {
    this.#skipSpace();
    if (this.#at === this.#text.length) return { kind: 'all', span: { start: 0, end: this.#text.length } };
    const filter = this.#readAny();
    if (this.#at < this.#text.length) throw new FilterError('This parenthesis closes nothing', { start: this.#at, end: this.#at + 1 });
    return filter;
  }

  #readAny(): Filter {
    const parts = [this.#readEach()];
    while (this.#takeWord('or')) parts.push(this.#readEach());
    return joined('or', parts);
  }

  #readEach(): Filter {
    const parts = [this.#readOne()];
    for (;;) {
      this.#skipSpace();
      if (this.#at === this.#text.length || this.#peek() === ')' || this.#isWord('or')) return joined('and', parts);
      this.#takeWord('and');
      parts.push(this.#readOne());
    }
  }

  #readOne(): Filter {
    this.#skipSpace();
    const start = this.#at;
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new FilterError('This is nested too deeply', { start, end: this.#text.length });
    const one = this.#readPart(start);
    this.#depth -= 1;
    return one;
  }

  #readPart(start: number): Filter {
    if (this.#at === this.#text.length) throw new FilterError('Something to look for is missing at the end', { start, end: start });
    if (this.#peek() === '-' || this.#isWord('not')) {
      this.#at += this.#peek() === '-' ? 1 : 3;
      const part = this.#readOne();
      return { kind: 'not', part, span: { start, end: part.span.end } };
    }
    if (this.#peek() === '(') return this.#readGroup(start);
    if (this.#peek() === ')') throw new FilterError('Something to look for is missing before this', { start, end: start + 1 });
    for (const word of ['or', 'and']) {
      if (this.#isWord(word))
        throw new FilterError(`Something to look for is missing before "${word}"`, { start, end: start + word.length });
    }
    return this.#readMatch(start) ?? this.#readText(start);
  }

  #countTerm(span: Span): void {
    this.#termCount += 1;
    if (this.#termCount > MAX_TERMS) throw new FilterError(`A filter has at most ${MAX_TERMS} terms; each value of a key is one`, span);
  }

  #readGroup(start: number): Filter {
    this.#at += 1;
    const inner = this.#readAny();
    this.#skipSpace();
    if (this.#peek() !== ')') throw new FilterError('This parenthesis is not closed', { start, end: start + 1 });
    this.#at += 1;
    return { ...inner, span: { start, end: this.#at } };
  }

  #readMatch(start: number): Filter | undefined {
    const name = /^[A-Za-z][\w.-]*(?=:)/.exec(this.#text.slice(start, start + 60))?.[0];
    if (name === undefined) return undefined;
    const key = readKey(name, { start, end: start + name.length });
    this.#at += name.length;
    const values: FilterValue[] = [];
    do {
      this.#at += 1;
      const from = this.#at;
      const isQuoted = this.#peek() === '"';
      const raw = isQuoted ? this.#readQuoted() : this.#readRun(/[\s,()"]/);
      const span = { start: from, end: this.#at };
      this.#countTerm(span);
      values.push(readValue(key, raw, isQuoted, span));
    } while (this.#peek() === ',');
    return { kind: 'match', key, values, span: { start, end: this.#at } };
  }

  #readText(start: number): Filter {
    const isPhrase = this.#peek() === '"';
    const text = isPhrase ? this.#readQuoted() : this.#readRun(/[\s()"]/);
    const span = { start, end: this.#at };
    this.#countTerm(span);
    if (!/[\p{L}\p{N}\p{Co}]/u.test(text)) throw new FilterError('Full text finds letters and digits only; there are none here', span);
    this.#textTermCount += 1;
    if (this.#textTermCount > MAX_TEXT_TERMS) throw new FilterError(`A filter has at most ${MAX_TEXT_TERMS} words to search for`, span);
    return { kind: 'text', text, isPhrase, span };
  }

  #readQuoted(): string {
    const start = this.#at;
    let text = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === '"') {
        this.#at += 1;
        return text;
      }
      if (char === '\\' && /["\\]/.test(this.#text[this.#at + 1] ?? '')) this.#at += 1;
      text += this.#text[this.#at];
    }
    throw new FilterError('This quote is not closed', { start, end: this.#text.length });
  }

  #readRun(end: RegExp): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !end.test(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  #takeWord(word: string): boolean {
    this.#skipSpace();
    if (!this.#isWord(word)) return false;
    this.#at += word.length;
    return true;
  }

  /** Whether the word stands here by itself: `or` is an operator, `order` is not. */
  #isWord(word: string): boolean {
    const after = this.#text[this.#at + word.length];
    return this.#text.slice(this.#at, this.#at + word.length).toLowerCase() === word && (after === undefined || /[\s()]/.test(after));
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }
}

function joined(kind: 'and' | 'or', parts: readonly Filter[]): Filter {
  const [first] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined) throw new Error('A filter part is never empty');
  if (parts.length === 1) return first;
  const span: Span = { start: first.span.start, end: last.span.end };
  return { kind, parts: parts.flatMap(part => (part.kind === kind ? part.parts : [part])), span };
}
