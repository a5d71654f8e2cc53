/** The goals that a run is held against. Each is a ratio or a difference within one run; absolute figures of two machines say nothing. */
import { gatewayGoals } from './gateway-goals.ts';
import type { Goal } from './goal.ts';
import { hopNames } from './hops/hop-names.ts';
import { ratioTo } from './stats.ts';
import type { Figures } from './series.ts';

export interface GoalResult {
  readonly part: string;
  readonly text: string;
  readonly bound: 'atMost' | 'atLeast';
  readonly limit: number;
  readonly unit: string;
  /** `null` when a side of it was not measured. */
  readonly value: number | null;
  /** `noise`: better than can be, so that the machine was measured and not the product. */
  readonly verdict: 'met' | 'not met' | 'noise' | 'not measured';
}

const { nginx, node, peer, recording, notRecording, wrap, cat, pump } = hopNames;

const addedRatio = (figures: Figures, metric: string, hop: string, reference: string) =>
  figures.added(metric, hop) / figures.added(metric, reference);

export const goals: readonly Goal[] = [
  {
    part: 'proxy',
    text: `added p50 at 1 connection, against that of nginx`,
    bound: 'atMost',
    limit: 3,
    unit: '×',
    measure: figures => addedRatio(figures, 'p50 at 1', recording, nginx),
  },
  {
    part: 'proxy',
    text: `added p50 at 1 connection, against that of http-proxy-3`,
    bound: 'atMost',
    limit: 0.8,
    unit: '×',
    measure: figures => addedRatio(figures, 'p50 at 1', recording, peer),
  },
  {
    part: 'proxy',
    text: 'added p99 at 1,000 requests/s',
    bound: 'atMost',
    limit: 3,
    unit: 'ms',
    measure: figures => figures.added('p99 at 1,000/s', recording) / 1_000,
  },
  {
    part: 'proxy',
    text: 'added p95 where the upstream takes 20 ms',
    bound: 'atMost',
    limit: 5,
    unit: '%',
    measure: figures => (figures.added('p95, upstream of 20 ms', recording) / figures.median('p95, upstream of 20 ms', 'direct')) * 100,
  },
  {
    part: 'proxy',
    text: 'requests/s at 64 connections, against nginx',
    bound: 'atLeast',
    limit: 0.25,
    unit: '×',
    measure: figures => figures.ratio('requests/s at 64', recording, nginx),
  },
  {
    part: 'proxy',
    text: 'requests/s at 64 connections, against the reference in Node',
    bound: 'atLeast',
    limit: 1.5,
    unit: '×',
    measure: figures => figures.ratio('requests/s at 64', recording, node),
  },
  {
    part: 'proxy',
    text: 'requests/s at 64 connections, recording on against off',
    bound: 'atLeast',
    limit: 0.9,
    // The same program doing less is not slower.
    ceiling: 1.1,
    unit: '×',
    measure: figures => figures.ratio('requests/s at 64', recording, notRecording),
  },
  {
    part: 'proxy',
    text: 'p50 at 1 connection, recording on minus off',
    bound: 'atMost',
    limit: 30,
    unit: 'µs',
    measure: figures => figures.added('p50 at 1', recording) - figures.added('p50 at 1', notRecording),
  },
  {
    part: 'proxy',
    text: 'frames, exchanges and bodies lost at 5,000 messages/s',
    bound: 'atMost',
    limit: 0,
    unit: '',
    measure: figures =>
      ['frames lost', 'exchanges lost', 'bodies dropped'].reduce(
        (sum, what) => sum + Math.abs(figures.median(`${what} at 5,000 messages/s`, recording)),
        0,
      ),
  },
  {
    part: 'sse',
    text: 'added p99 of an event, 100 streams of 50 events/s',
    bound: 'atMost',
    limit: 2,
    unit: 'ms',
    measure: figures => figures.added('event p99', recording) / 1_000,
  },
  {
    part: 'wrap',
    text: 'added p50 of a round trip, against two cat processes',
    bound: 'atMost',
    limit: 3,
    unit: '×',
    measure: figures => addedRatio(figures, 'round trip p50', wrap, cat),
  },
  {
    part: 'wrap',
    text: 'start-up beyond that of Node itself',
    bound: 'atMost',
    limit: 60,
    unit: 'ms',
    // The shim is a second Node: of what it adds, one start is Node's own.
    measure: figures => figures.added('start', wrap) - figures.median('start', 'direct'),
  },
  {
    part: 'wrap',
    text: '1 MB messages, against a byte pump in Node',
    bound: 'atLeast',
    limit: 0.8,
    unit: '×',
    measure: figures => ratioTo(figures.rounds('1 MB messages', pump), figures.rounds('1 MB messages', wrap)),
  },
  {
    part: 'wrap',
    text: 'frames lost while wrapped',
    bound: 'atMost',
    limit: 0,
    unit: '',
    measure: figures => Math.abs(figures.median('frames lost', wrap)),
  },
  {
    part: 'start',
    text: 'shadowcat serve ready',
    bound: 'atMost',
    limit: 700,
    unit: 'ms',
    measure: figures => figures.median('ready', hopNames.serve),
  },
  {
    part: 'start',
    text: 'idle host, resident memory',
    bound: 'atMost',
    limit: 120,
    unit: 'MB',
    measure: figures => figures.median('idle memory', hopNames.serve),
  },
  ...gatewayGoals,
];

/** Holds the goals of the measured parts against the figures. */
export function judge(figures: Figures, parts: readonly string[]): GoalResult[] {
  return goals
    .filter(goal => parts.includes(goal.part))
    .map(goal => {
      const { part, text, bound, limit, unit } = goal;
      const value = goal.measure(figures);
      return { part, text, bound, limit, unit, value: Number.isFinite(value) ? value : null, verdict: verdictOn(goal, value) };
    });
}

function verdictOn({ bound, limit, ceiling }: Goal, value: number): GoalResult['verdict'] {
  if (!Number.isFinite(value)) return 'not measured';
  if (bound === 'atLeast') return value > (ceiling ?? Infinity) ? 'noise' : value >= limit ? 'met' : 'not met';
  // A hop takes no time away: as much below zero as the limit is above says that the difference is smaller than the noise.
  if (value < -limit) return 'noise';
  return value <= limit ? 'met' : 'not met';
}
