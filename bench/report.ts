/** Puts the figures before a person: one table per part, then the goals, then what to know about this run. Pure. */
import type { GoalResult } from './goals.ts';
import { hopNames } from './hops/hop-names.ts';
import { bridgeTables, guardedTables } from './gateway-report.ts';
import { addedRatio, addedTo, hopTable, ratio } from './hop-table.ts';
import type { Figures } from './series.ts';
import { number, textTable } from './table.ts';

/** The whole report as text. */
export function reportText(run: {
  figures: Figures;
  goals: readonly GoalResult[];
  notes: readonly string[];
  parts: readonly string[];
}): string {
  const { figures, goals, notes } = run;
  const sections = run.parts.flatMap(part => (figures.hops(part).length === 0 ? [] : sectionsOf(part, figures)));
  if (goals.length > 0) sections.push(`Goals\n\n${goalTable(goals)}`);
  if (notes.length > 0) sections.push(`To know about this run\n\n${notes.map(note => `  ${note}`).join('\n')}`);
  return `${sections.join('\n\n')}\n`;
}

function sectionsOf(part: string, figures: Figures): string[] {
  switch (part) {
    case 'proxy':
      return [proxyLatency(figures), proxyThroughput(figures), proxySteady(figures)];
    case 'gateway':
      return guardedTables(figures);
    case 'bridge':
      return bridgeTables(figures);
    case 'sse':
      return [sse(figures)];
    case 'wrap':
      return [wrap(figures)];
    default:
      return [start(figures)];
  }
}

function proxyLatency(figures: Figures): string {
  return hopTable('proxy', figures, 'HTTP: latency of direct, and what each hop adds (µs, 1 KB tools/call)', {
    'p50 at 1': addedTo(figures, 'p50 at 1'),
    '/nginx': addedRatio(figures, 'p50 at 1', hopNames.nginx),
    '/http-proxy-3': addedRatio(figures, 'p50 at 1', hopNames.peer),
    'p99 at 1': addedTo(figures, 'p99 at 1'),
    'p50 at 16': addedTo(figures, 'p50 at 16'),
    'p99 at 16': addedTo(figures, 'p99 at 16'),
  });
}

function proxyThroughput(figures: Figures): string {
  return hopTable(
    'proxy',
    figures,
    'HTTP: requests/s at 1, 16 and 64 connections; CPU time of the hop per request and backlog after it at 64',
    {
      '1': hop => number(figures.median('requests/s at 1', hop)),
      '16': hop => number(figures.median('requests/s at 16', hop)),
      '64': hop => number(figures.median('requests/s at 64', hop)),
      '/nginx': ratio(figures, 'requests/s at 64', hopNames.nginx),
      '/node': ratio(figures, 'requests/s at 64', hopNames.node),
      'CPU µs': hop => number(figures.median('CPU per request at 64', hop)),
      'CPU /node': ratio(figures, 'CPU per request at 64', hopNames.node),
      'backlog ms': hop => number(figures.median('backlog after load at 64', hop)),
    },
  );
}

function proxySteady(figures: Figures): string {
  return hopTable('proxy', figures, 'HTTP: at a steady 1,000 requests/s, and with an upstream of 20 ms (added, ms)', {
    p50: addedTo(figures, 'p50 at 1,000/s', 1_000),
    p99: addedTo(figures, 'p99 at 1,000/s', 1_000),
    'p95 of 20 ms': addedTo(figures, 'p95, upstream of 20 ms', 1_000),
  });
}

function sse(figures: Figures): string {
  return hopTable('sse', figures, 'SSE: delay of an event on the direct path, and what each hop adds (ms, 100 streams of 50 events/s)', {
    p50: addedTo(figures, 'event p50', 1_000),
    p99: addedTo(figures, 'event p99', 1_000),
    'events/s': hop => number(figures.median('events/s', hop)),
  });
}

function wrap(figures: Figures): string {
  return hopTable('wrap', figures, 'stdio: start (ms), round trip of 150 bytes (µs), 1 MB messages (MB/s)', {
    start: addedTo(figures, 'start'),
    'round trip p50': addedTo(figures, 'round trip p50'),
    '/cat': addedRatio(figures, 'round trip p50', hopNames.cat),
    'round trip p99': addedTo(figures, 'round trip p99'),
    'MB/s': hop => number(figures.median('1 MB messages', hop)),
    '/pump': ratio(figures, '1 MB messages', hopNames.pump),
  });
}

function start(figures: Figures): string {
  return hopTable('start', figures, 'Start: ready (ms) and idle memory (MB)', {
    ready: hop => number(figures.median('ready', hop)),
    memory: hop => number(figures.median('idle memory', hop)),
  });
}

function goalTable(goals: readonly GoalResult[]): string {
  const rows = goals.map(goal => [
    `${goal.part}: ${goal.text}`,
    `${goal.bound === 'atMost' ? '≤' : '≥'} ${withUnit(goal.limit, goal.unit)}`,
    goal.value === null ? '–' : withUnit(goal.value, goal.unit),
    goal.verdict,
  ]);
  return textTable(['', 'goal', 'here', ''], rows);
}

const withUnit = (value: number, unit: string) => (unit === '×' ? `${number(value)}×` : `${number(value)} ${unit}`.trimEnd());
