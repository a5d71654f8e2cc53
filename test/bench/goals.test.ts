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
  expect(new Set(judge(figures, ['proxy', 'gateway', 'bridge', 'sse', 'wrap', 'start']).map(({ verdict }) => verdict))).toEqual(
    new Set(['not measured']),
  );
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

test('each guard is held against the bare proxy of its own era', () => {
  const { recording, recordingSession, guardKey, guardToken, guardSession } = hopNames;
  const figures = new Figures();
  add(figures, 'guarded requests/s at 64', 'gateway', {
    [recording]: [10_000],
    [recordingSession]: [5_000],
    [guardKey]: [7_000],
    [guardToken]: [6_900],
    [guardSession]: [4_000],
  });
  add(figures, 'guarded p50 at 1', 'gateway', {
    [recording]: [200],
    [recordingSession]: [300],
    [guardKey]: [350],
    [guardToken]: [351],
    [guardSession]: [449],
  });
  const judged = judge(figures, ['gateway']).filter(({ text }) => text.startsWith('all guards'));
  expect(judged.map(({ value, verdict }) => [value, verdict])).toEqual([
    [0.7, 'met'],
    [150, 'met'],
    [0.69, 'not met'],
    [151, 'not met'],
    [0.8, 'met'],
    [149, 'met'],
  ]);
});

test('a bridge is held against the best peer of each figure, and against none when one is missing', () => {
  const { direct, bridge, mcpProxy, supergateway } = hopNames;
  const figures = new Figures();
  add(figures, 'HTTP to stdio: requests/s at 16', 'bridge', { [bridge]: [5_000], [mcpProxy]: [1_000], [supergateway]: [2_500] });
  add(figures, 'HTTP to stdio: p50 at 1', 'bridge', { [direct]: [20], [bridge]: [320], [mcpProxy]: [620], [supergateway]: [1_020] });
  add(figures, 'HTTP to stdio: memory after load', 'bridge', { [bridge]: [150], [mcpProxy]: [300] });
  const judged = judge(figures, ['bridge']).filter(({ text }) => text.startsWith('HTTP to stdio'));
  expect(judged.map(({ value, verdict }) => [value, verdict])).toEqual([
    [2, 'not met'],
    [0.5, 'not met'],
    [null, 'not measured'],
  ]);
});

test('a single refused call spoils the figures of the guards', () => {
  const figures = figuresOf('guarded requests not passed', { [hopNames.guardKey]: [1] }, 'gateway');
  add(figures, 'guarded frames unrecorded', 'gateway', { [hopNames.guardKey]: [0] });
  expect(verdicts(figures, 'gateway')['requests refused or failed, frames not recorded']).toBe('not met');
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
  add(figures, metric, part, hops);
  return figures;
}

function add(figures: Figures, metric: string, part: string, hops: Readonly<Record<string, readonly number[]>>): void {
  for (const [hop, rounds] of Object.entries(hops)) for (const value of rounds) figures.add({ part, metric, hop, unit: '' }, value);
}

const verdicts = (figures: Figures, part: string) => Object.fromEntries(judge(figures, [part]).map(({ text, verdict }) => [text, verdict]));
