/** What is wrong with a filter text, and where. Never leaves this folder: readers get it as data. */
import type { Span } from './filter-tree.ts';

export class FilterError extends Error {
  override readonly name = 'FilterError';
  readonly span: Span;

  constructor(message: string, span: Span) {
    super(message);
    this.span = span;
  }
}
