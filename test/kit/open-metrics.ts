/**
 * A strict reader of the OpenMetrics text format 1.0, written from its grammar and sharing nothing with what writes it:
 * every rule that a scraper may rely on is an error here.
 */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?[Ii]nf(?:inity)?|[Nn]a[Nn])$/;
const suffixesOf: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  summary: ['', '_count', '_sum', '_created'],
  info: ['_info'],
  unknown: [''],
};

/** The families by name; throws at the first line that breaks a rule, naming it. */
export function readOpenMetrics(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('# EOF\n')) throw new Error('The text does not end with "# EOF" and a line feed');
  if (text.includes('\r')) throw new Error('Lines end with a line feed alone');
  const reader = new Reader();
  const lines = text.slice(0, -'# EOF\n'.length).split('\n');
  if (lines.pop() !== '') throw new Error('"# EOF" does not stand on a line of its own');
  lines.forEach((line, at) => {
    try {
      reader.line(line);
    } catch (error) {
      throw new Error(`Line ${at + 1}: ${error instanceof Error ? error.message : String(error)}: ${line}`, { cause: error });
    }
  });
  return reader.end();
}

class Reader {
  readonly #families = new Map<string, Family & { metadata: Set<string> }>();
  #current: (Family & { metadata: Set<string> }) | undefined;
  readonly #seen = new Set<string>();

  line(line: string): void {
    if (line.startsWith('#')) return this.#metadata(line);
    if (line === '') throw new Error('an empty line');
    this.#sample(line);
  }

  end(): ReadonlyMap<string, Family> {
    for (const family of this.#families.values()) {
      if (family.type === 'histogram') checkHistogram(family);
      for (const other of this.#families.keys())
        if (family.name !== other && (suffixesOf[family.type] ?? []).some(suffix => `${family.name}${suffix}` === other))
          throw new Error(`The name ${other} is that of a sample of ${family.name}`);
    }
    return this.#families;
  }

  #metadata(line: string): void {
    const [, word = '', name = '', rest = ''] = /^# (HELP|TYPE|UNIT) (\S+)(?: (.*))?$/.exec(line) ?? [];
    if (word === '') throw new Error('neither HELP nor TYPE nor UNIT');
    if (!NAME.test(name)) throw new Error('a bad name');
    const family = this.#enter(name);
    if (family.samples.length > 0) throw new Error('metadata after a sample');
    if (family.metadata.has(word)) throw new Error(`a second ${word}`);
    family.metadata.add(word);
    if (word === 'TYPE' && !Object.hasOwn(suffixesOf, rest)) throw new Error('an unknown type');
    if (word === 'TYPE') Object.assign(family, { type: rest });
    if (word === 'HELP') Object.assign(family, { help: unescaped(rest) });
    if (word === 'UNIT' && rest !== '' && !name.endsWith(`_${rest}`)) throw new Error('the unit is not the end of the name');
  }

  #enter(name: string): Family & { metadata: Set<string> } {
    if (this.#current?.name === name) return this.#current;
    if (this.#families.has(name)) throw new Error('the lines of a family stand apart');
    this.#current = { name, type: 'unknown', help: '', samples: [], metadata: new Set() };
    this.#families.set(name, this.#current);
    return this.#current;
  }

  #sample(line: string): void {
    const [name = ''] = /^[^{ ]+/.exec(line) ?? [];
    if (!NAME.test(name)) throw new Error('a bad name');
    const { labels, rest } = line[name.length] === '{' ? labelsAt(line, name.length) : { labels: {}, rest: line.slice(name.length) };
    const [, number = '', timestamp] = /^ (\S+)(?: (\S+))?$/.exec(rest) ?? [];
    if (!NUMBER.test(number) || (timestamp !== undefined && !NUMBER.test(timestamp))) throw new Error('a bad number');
    const value = numberOf(number);
    const family = this.#current;
    const suffix = family === undefined || !name.startsWith(family.name) ? undefined : name.slice(family.name.length);
    if (family === undefined || suffix === undefined || !(suffixesOf[family.type] ?? []).includes(suffix))
      throw new Error(`no sample of the ${family?.type ?? 'missing'} ${family?.name ?? 'family'}`);
    if (['_total', '_bucket', '_count'].includes(suffix) && !(value >= 0)) throw new Error('a counter that is negative or no number');
    const key = `${name}${JSON.stringify(Object.entries(labels).sort())}`;
    if (this.#seen.has(key)) throw new Error('a sample twice');
    this.#seen.add(key);
    family.samples.push({ name, labels, value });
  }
}

function labelsAt(line: string, start: number): { labels: Record<string, string>; rest: string } {
  const labels: Record<string, string> = {};
  let at = start + 1;
  while (line[at] !== '}') {
    if (Object.keys(labels).length > 0) {
      if (line[at] !== ',') throw new Error('labels without a comma between');
      at += 1;
    }
    const [label] = LABEL.exec(line.slice(at)) ?? [];
    if (label === undefined || Object.hasOwn(labels, label)) throw new Error('a bad or repeated label');
    at += label.length;
    if (!line.startsWith('="', at)) throw new Error('a label without a value');
    const [quoted] = /^(?:[^"\\]|\\.)*"/.exec(line.slice(at + 2)) ?? [];
    if (quoted === undefined) throw new Error('a value without an end');
    labels[label] = unescaped(quoted.slice(0, -1));
    at += 2 + quoted.length;
  }
  return { labels, rest: line.slice(at + 1) };
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, escaped: string) => {
    if (!['\\', '"', 'n'].includes(escaped)) throw new Error('an unknown escape');
    return escaped === 'n' ? '\n' : escaped;
  });
}

const numberOf = (text: string): number =>
  /inf/i.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text.toLowerCase() === 'nan' ? 'NaN' : text);

/** Buckets ascend and never fall, the last is +Inf and says what the count says. */
function checkHistogram(family: Family): void {
  const series = new Map<string, { bounds: number[]; counts: number[]; count?: number; sum?: number }>();
  for (const { name, labels, value } of family.samples) {
    const { le, ...own } = labels;
    const key = JSON.stringify(Object.entries(own).sort());
    const found = series.get(key) ?? { bounds: [], counts: [] };
    series.set(key, found);
    if (name.endsWith('_bucket')) {
      if (le === undefined || !NUMBER.test(le)) throw new Error(`${name} has a bucket without a bound`);
      found.bounds.push(numberOf(le));
      found.counts.push(value);
    } else if (name.endsWith('_count')) found.count = value;
    else if (name.endsWith('_sum')) found.sum = value;
  }
  for (const { bounds, counts, count, sum } of series.values()) {
    const isAscending = bounds.every((bound, at) => at === 0 || bound > (bounds[at - 1] as number));
    const isCumulative = counts.every((one, at) => at === 0 || one >= (counts[at - 1] as number));
    if (!isAscending || !isCumulative) throw new Error(`The buckets of ${family.name} do not ascend`);
    if (bounds.at(-1) !== Infinity || counts.at(-1) !== count || sum === undefined)
      throw new Error(`${family.name} lacks its +Inf bucket, its count or its sum`);
  }
}
