/** The tables of the guarded path and of bridging. Pure. */
import { addedRatio, addedTo, hopTable, ratio } from './hop-table.ts';
import { hopNames } from './hops/hop-names.ts';
import type { Figures } from './series.ts';
import { number } from './table.ts';

/** The legacy session is compared with the bare proxy in a session, everything else with the bare proxy without one. */
const bareOf = (hop: string) =>
  hop === hopNames.guardSession || hop === hopNames.recordingSession ? hopNames.recordingSession : hopNames.recording;

export function guardedTables(figures: Figures): string[] {
  const against = (metric: string) => (hop: string) => ratio(figures, metric, bareOf(hop))(hop);
  return [
    hopTable('gateway', figures, 'Gateway, all guards: latency of direct, and what each hop adds (µs, 1 KB tools/call)', {
      'p50 at 1': addedTo(figures, 'guarded p50 at 1'),
      '/nginx': addedRatio(figures, 'guarded p50 at 1', hopNames.nginx),
      '/proxy': hop => addedRatio(figures, 'guarded p50 at 1', bareOf(hop))(hop),
      'p99 at 1': addedTo(figures, 'guarded p99 at 1'),
    }),
    hopTable(
      'gateway',
      figures,
      'Gateway, all guards: requests/s at 16 and 64 connections; CPU time of the hop per request; memory after it all',
      {
        '16': hop => number(figures.median('guarded requests/s at 16', hop)),
        '64': hop => number(figures.median('guarded requests/s at 64', hop)),
        '/nginx': ratio(figures, 'guarded requests/s at 64', hopNames.nginx),
        '/proxy': against('guarded requests/s at 64'),
        'CPU µs': hop => number(figures.median('guarded CPU per request at 64', hop)),
        'CPU /proxy': against('guarded CPU per request at 64'),
        MB: hop => number(figures.median('guarded memory after load', hop)),
      },
    ),
  ];
}

export function bridgeTables(figures: Figures): string[] {
  return (
    [
      ['HTTP to stdio', hopNames.bridge],
      ['stdio to HTTP', hopNames.connect],
    ] as const
  ).map(([direction, ours]) =>
    hopTable('bridge', figures, `Bridging, ${direction}: p50 of direct and what each adds (µs); requests/s with 16 and 64 at once`, {
      'p50 at 1': addedTo(figures, `${direction}: p50 at 1`),
      'p50 /ours': addedRatio(figures, `${direction}: p50 at 1`, ours),
      '16': hop => number(figures.median(`${direction}: requests/s at 16`, hop)),
      '16 /ours': ratio(figures, `${direction}: requests/s at 16`, ours),
      '64': hop => number(figures.median(`${direction}: requests/s at 64`, hop)),
      'CPU µs': hop => number(figures.median(`${direction}: CPU per request at 16`, hop)),
      MB: hop => number(figures.median(`${direction}: memory after load`, hop)),
    }),
  );
}
