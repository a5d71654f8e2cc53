import { expect, test } from 'vitest';
import { judge } from '../../bench/goals.ts';
import { hopNames } from '../../bench/hops/hop-names.ts';
import { reportText } from '../../bench/report.ts';
import { Figures } from '../../bench/series.ts';

const throughput = 'requests/s at 64';

test('a goal at least as high as its limit is met, one below is not', () => {
  const figures = figuresOf(throughput, {
    [hopNames.nginx]: [40_000, 50_000],
    [hopNames.node]: [6_000, 7_000],
    [hopNames.recording]: [10_000, 12_500],
  });
  expect(verdicts(figures, 'proxy')).toMatchObject({
    'requests/s at 64 connections, against nginx': 'met',
    'requests/s at 64 connections, against the reference in Node': 'met',
  });

  const slower = figuresOf(throughput, { [hopNames.nginx]: [40_000], [hopNames.node]: [6_000], [hopNames.recording]: [8_900] });
  expect(verdicts(slower, 'proxy')).toMatchObject({
    'requests/s at 64 connections, against nginx': 'not met',
    'requests/s at 64 connections, against the reference in Node': 'not met',
  });
});

test('added latency is compared after the direct path is taken off both sides', () => {
  const figures = figuresOf('p50 at 1', {
    [hopNames.direct]: [100],
    [hopNames.nginx]: [150],
    [hopNames.peer]: [400],
    [hopNames.recording]: [260],
  });
  const added = judge(figures, ['proxy']).filter(({ text }) => text.startsWith('added p50'));
  expect(added.map(({ value, verdict }) => [value, verdict])).toEqual([
    [3.2, 'not met'],
    [160 / 300, 'met'],
  ]);
});

test('the start-up of the shim leaves out what a second Node takes by itself', () => {
  const figures = figuresOf('start', { [hopNames.direct]: [40, 42], [hopNames.wrap]: [130, 132] });
  expect(judge(figures, ['wrap']).find(({ text }) => text.startsWith('start-up'))).toMatchObject({ value: 49, verdict: 'met' });
});

test('a missing reference makes a goal unmeasured, never met', () => {
  const figures = figuresOf(throughput, { [hopNames.recording]: [10_000] });
  expect(new Set(judge(figures, ['proxy', 'sse', 'wrap', 'start']).map(({ verdict }) => verdict))).toEqual(new Set(['not measured']));
});

test('figures that are better than can be are noise, not success', () => {
  const figures = figuresOf('p99 at 1,000/s', { [hopNames.direct]: [33_000], [hopNames.recording]: [15_500] });
  expect(verdicts(figures, 'proxy')['added p99 at 1,000 requests/s']).toBe('noise');

  const faster = figuresOf(throughput, { [hopNames.recording]: [1_200], [hopNames.notRecording]: [1_000] });
  expect(verdicts(faster, 'proxy')['requests/s at 64 connections, recording on against off']).toBe('noise');
});

test('more frames recorded than sent is no better than fewer', () => {
  const doubled = figuresOf('frames lost', { [hopNames.wrap]: [-2] });
  expect(verdicts(doubled, 'wrap')['frames lost while wrapped']).toBe('not met');
});

test('the report shows what each hop adds, dashes where nothing was measured, and the goals', () => {
  const figures = figuresOf('round trip p50', { [hopNames.direct]: [20], [hopNames.cat]: [40], [hopNames.wrap]: [75] }, 'wrap');
  const text = reportText({ figures, goals: judge(figures, ['wrap']), notes: ['nginx is not installed.'], parts: ['wrap'] });
  expect(text).toMatch(/shadowcat wrap +– +\+55 +2\.75× +– +– +–/);
  expect(text).toMatch(/added p50 of a round trip, against two cat processes +≤ 3× +2\.75× +met/);
  expect(text).toContain('nginx is not installed.');
});

function figuresOf(metric: string, hops: Readonly<Record<string, readonly number[]>>, part = 'proxy'): Figures {
  const figures = new Figures();
  for (const [hop, rounds] of Object.entries(hops)) for (const value of rounds) figures.add({ part, metric, hop, unit: '' }, value);
  return figures;
}

const verdicts = (figures: Figures, part: string) => Object.fromEntries(judge(figures, [part]).map(({ text, verdict }) => [text, verdict]));
