/** A filter text, read: what the store compiles and the window shows as chips. */

/** Where something stands in the text: `start` inclusive, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export const filterKeys = ['server', 'client', 'session', 'method', 'tool', 'id', 'kind', 'from', 'status', 'dur', 'size', 'time'] as const;
export type FilterKey = (typeof filterKeys)[number];

/** Words of `kind:`; see docs/filters.md for what each means on a folded row and on a single frame. */
export const kindWords = ['req', 'res', 'note', 'stderr', 'stdout', 'http', 'invalid', 'lifecycle'] as const;
export type KindWord = (typeof kindWords)[number];

/** Words of `status:`, the same as in the status column. */
export const statusWords = ['ok', 'error', 'tool-error', 'pending', 'late', 'cancelled', 'failed', 'refused', 'no-answer', 'open'] as const;

export const fromWords = ['client', 'server'] as const;

export type Comparison = '>' | '>=' | '<' | '<=' | '=';

export type FilterValue =
  | { readonly kind: 'exact'; readonly text: string }
  /** `*` stands for any characters, none included. */
  | { readonly kind: 'glob'; readonly pattern: string }
  /** Milliseconds for `dur`, bytes for `size`, epoch milliseconds for `time`. */
  | { readonly kind: 'compare'; readonly comparison: Comparison; readonly amount: number };

export type Filter =
  /** The empty text: everything. */
  | { readonly kind: 'all'; readonly span: Span }
  /** At least two parts, none of them an `and` itself. */
  | { readonly kind: 'and'; readonly parts: readonly Filter[]; readonly span: Span }
  | { readonly kind: 'or'; readonly parts: readonly Filter[]; readonly span: Span }
  | { readonly kind: 'not'; readonly part: Filter; readonly span: Span }
  /** Full text. A phrase was quoted: its words whole and in sequence. A bare word also matches as the beginning of a longer one. */
  | { readonly kind: 'text'; readonly text: string; readonly isPhrase: boolean; readonly span: Span }
  /** The key has one of the values. */
  | { readonly kind: 'match'; readonly key: FilterKey; readonly values: readonly FilterValue[]; readonly span: Span };

export type FilterReading =
  | { readonly ok: true; readonly filter: Filter }
  | { readonly ok: false; readonly message: string; readonly start: number; readonly end: number };
