/** What a goal is. */
import type { Figures } from './series.ts';

export interface Goal {
  readonly part: string;
  readonly text: string;
  /** `atMost` the limit or `atLeast` it. */
  readonly bound: 'atMost' | 'atLeast';
  readonly limit: number;
  readonly unit: string;
  /** Beyond this a figure of `atLeast` cannot be true, only noise. */
  readonly ceiling?: number;
  measure(figures: Figures): number;
}
