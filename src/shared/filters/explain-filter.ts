/** Says in words what a filter shows. */
import type { Comparison, Filter, FilterKey, FilterValue } from './filter-tree.ts';

const nouns: Readonly<Record<FilterKey, string>> = {
  server: 'the server',
  client: 'the client',
  session: 'the session',
  method: 'the method',
  tool: 'the tool',
  id: 'the id',
  kind: 'the kind',
  from: 'the sender',
  status: 'the status',
  dur: 'the duration',
  size: 'the size',
  time: 'the time',
};

const comparisons: Readonly<Record<Comparison, string>> = {
  '>': 'over ',
  '>=': 'at least ',
  '<': 'under ',
  '<=': 'at most ',
  '=': 'exactly ',
};

const moments: Readonly<Record<Comparison, string>> = {
  '>': 'after ',
  '>=': 'from ',
  '<': 'before ',
  '<=': 'until ',
  '=': 'exactly ',
};

const kindNames: Readonly<Record<string, string>> = { req: 'request', res: 'response', note: 'notification', http: 'plain HTTP' };

/** A sentence for the reader of the filter bar. */
export function explainFilter(filter: Filter): string {
  return filter.kind === 'all' ? 'Everything' : `Where ${explain(filter, false)}`;
}

function explain(filter: Filter, isNegated: boolean): string {
  switch (filter.kind) {
    case 'all':
      return 'anything';
    case 'and':
      return filter.parts.map(part => (part.kind === 'or' ? `(${explain(part, false)})` : explain(part, false))).join(' and ');
    case 'or':
      return filter.parts.map(part => explain(part, false)).join(' or ');
    case 'not':
      return filter.part.kind === 'text' || filter.part.kind === 'match'
        ? explain(filter.part, true)
        : `not (${explain(filter.part, false)})`;
    case 'text':
      return `the text ${isNegated ? 'lacks' : 'has'} ${filter.isPhrase ? `"${filter.text}"` : `a word beginning with "${filter.text}"`}`;
    case 'match':
      return `${nouns[filter.key]} is ${isNegated ? 'not ' : ''}${filter.values.map(value => explainValue(filter.key, value)).join(' or ')}`;
  }
}

function explainValue(key: FilterKey, value: FilterValue): string {
  switch (value.kind) {
    case 'exact':
      return key === 'kind' ? (kindNames[value.text] ?? value.text) : value.text;
    case 'glob':
      return `like ${value.pattern}`;
    case 'compare':
      if (key === 'time') return moments[value.comparison] + new Date(value.amount).toISOString();
      return comparisons[value.comparison] + (key === 'dur' ? durationText(value.amount) : sizeText(value.amount));
  }
}

function durationText(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`;
}

function sizeText(bytes: number): string {
  if (bytes >= 1e6) return `${bytes / 1e6} MB`;
  return bytes >= 1000 ? `${bytes / 1000} kB` : `${bytes} bytes`;
}
