/** Goals of the guarded path and of bridging. */
import type { Goal } from './goal.ts';
import { hopNames } from './hops/hop-names.ts';
import type { Figures } from './series.ts';

const { recording, recordingSession, guardKey, guardToken, guardSession, bridge, connect, connectRecorded } = hopNames;
const { mcpProxy, supergateway, mcpRemote } = hopNames;

/** All guards on, against the bare proxy of the same era. */
const guarded: readonly Goal[] = (
  [
    ['API key', guardKey, recording],
    ['JWT', guardToken, recording],
    ['legacy session', guardSession, recordingSession],
  ] as const
).flatMap(([who, hop, bare]): Goal[] => [
  {
    part: 'gateway',
    text: `all guards, ${who}: requests/s at 64 connections, against the bare proxy`,
    bound: 'atLeast',
    limit: 0.7,
    // More work is not faster.
    ceiling: 1.1,
    unit: '×',
    measure: figures => figures.ratio('guarded requests/s at 64', hop, bare),
  },
  {
    part: 'gateway',
    text: `all guards, ${who}: p50 at 1 connection, beyond the bare proxy`,
    bound: 'atMost',
    limit: 150,
    unit: 'µs',
    measure: figures => figures.beyond('guarded p50 at 1', hop, bare),
  },
]);

const passed: readonly Goal[] = [
  {
    part: 'gateway',
    text: 'requests refused or failed, frames not recorded',
    bound: 'atMost',
    limit: 0,
    unit: '',
    measure: figures => figures.median('guarded requests not passed', guardKey) + figures.median('guarded frames unrecorded', guardKey),
  },
];

/** Of bridges the best peer counts, figure by figure. */
const bridging: readonly Goal[] = (
  [
    ['HTTP to stdio', bridge, 'recording gateway', [mcpProxy, supergateway]],
    ['stdio to HTTP', connect, 'connect', [mcpRemote, supergateway]],
    ['stdio to HTTP', connectRecorded, 'connect and recording gateway', [mcpRemote, supergateway]],
  ] as const
).flatMap(([direction, hop, name, peers]): Goal[] => [
  {
    part: 'bridge',
    text: `${direction}, ${name}: requests/s of 16 at once, against the best peer`,
    bound: 'atLeast',
    limit: 2.5,
    unit: '×',
    measure: figures => leastOf(peers, peer => figures.ratio(`${direction}: requests/s at 16`, hop, peer)),
  },
  {
    part: 'bridge',
    text: `${direction}, ${name}: added p50, against the best peer`,
    bound: 'atMost',
    limit: 0.4,
    unit: '×',
    measure: figures => -leastOf(peers, peer => -addedRatio(figures, `${direction}: p50 at 1`, hop, peer)),
  },
  {
    part: 'bridge',
    text: `${direction}, ${name}: memory after load, against the best peer`,
    bound: 'atMost',
    limit: 0.5,
    unit: '×',
    measure: figures => -leastOf(peers, peer => -figures.ratio(`${direction}: memory after load`, hop, peer)),
  },
]);

export const gatewayGoals: readonly Goal[] = [...guarded, ...passed, ...bridging];

const addedRatio = (figures: Figures, metric: string, hop: string, reference: string) =>
  figures.added(metric, hop) / figures.added(metric, reference);

/** NaN when a peer was not measured: the best of the others would be too easy. */
const leastOf = (peers: readonly string[], ratio: (peer: string) => number) => Math.min(...peers.map(ratio));
