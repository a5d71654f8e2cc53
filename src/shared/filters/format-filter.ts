/** Writes a filter as its one canonical text, which reads back as the same filter. */
import type { Filter, FilterKey, FilterValue } from './filter-tree.ts';

export function formatFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'all':
      return '';
    case 'and':
      return filter.parts.map(part => (part.kind === 'or' ? group(part) : formatFilter(part))).join(' ');
    case 'or':
      return filter.parts.map(formatFilter).join(' or ');
    case 'not':
      return filter.part.kind === 'text' || filter.part.kind === 'match' ? `-${formatFilter(filter.part)}` : `-${group(filter.part)}`;
    case 'text':
      return filter.isPhrase ? quoted(filter.text) : filter.text;
    case 'match':
      return `${filter.key}:${filter.values.map(value => formatValue(filter.key, value)).join(',')}`;
  }
}

function group(filter: Filter): string {
  return `(${formatFilter(filter)})`;
}

function formatValue(key: FilterKey, value: FilterValue): string {
  switch (value.kind) {
    case 'exact':
      return /^[^\s"(),*]+$/.test(value.text) ? value.text : quoted(value.text);
    case 'glob':
      return value.pattern;
    case 'compare':
      return `${value.comparison === '=' ? '' : value.comparison}${formatAmount(key, value.amount)}`;
  }
}

function formatAmount(key: FilterKey, amount: number): string {
  if (key === 'time') return new Date(amount).toISOString();
  return `${amount}${key === 'dur' ? 'ms' : 'b'}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
