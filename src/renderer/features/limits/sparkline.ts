/** The window of a breaker as a drawing: one step per bucket, as high as the share of its calls that failed. */
import type { BreakerState } from '../../../shared/model/gateway-state.ts';

export const WIDTH = 300;
export const HEIGHT = 56;
/** Below it lie the marks of buckets that had calls. */
const BASE = 51;
const TOP = 3;

export interface Sparkline {
  readonly line: string;
  readonly area: string;
  /** Where buckets had calls: a rate of nothing says nothing. */
  readonly marks: readonly { readonly x: number; readonly width: number }[];
  readonly base: number;
  readonly thresholdY: number;
  readonly callCount: number;
  readonly failureCount: number;
  /** Some bucket reached the threshold. */
  readonly isOver: boolean;
}

export function sparkline({ buckets, threshold }: Pick<BreakerState, 'buckets' | 'threshold'>): Sparkline {
  const step = WIDTH / Math.max(1, buckets.length);
  const rates = buckets.map(({ calls, failures }) => (calls === 0 ? 0 : failures / calls));
  const points = rates.flatMap((rate, at) => [`${round(at * step)} ${yOf(rate)}`, `${round((at + 1) * step)} ${yOf(rate)}`]);
  const line = points.length === 0 ? '' : `M${points.join('L')}`;
  return {
    line,
    area: line === '' ? '' : `${line}L${WIDTH} ${BASE}L0 ${BASE}Z`,
    marks: buckets.flatMap(({ calls }, at) => (calls === 0 ? [] : [{ x: round(at * step + 2), width: round(step - 4) }])),
    base: BASE,
    thresholdY: yOf(threshold),
    callCount: buckets.reduce((sum, { calls }) => sum + calls, 0),
    failureCount: buckets.reduce((sum, { failures }) => sum + failures, 0),
    isOver: buckets.some(({ calls, failures }) => calls > 0 && failures / calls >= threshold),
  };
}

function yOf(rate: number): number {
  return round(BASE - rate * (BASE - TOP));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
