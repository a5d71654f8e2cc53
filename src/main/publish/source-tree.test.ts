import { expect, test } from 'vitest';
import type { SessionSummary } from '../../shared/model/session.ts';
import { sourceTree } from './source-tree.ts';

test('sessions of the same client and server are one node, live as long as one of them is, and all nodes stand by name', () => {
  const sessions = [
    aSession({ clientName: 'zed', serverName: 'files', exchangeCount: 2, pendingCount: 1 }),
    aSession({ clientName: 'ada', serverName: 'web', state: 'closed', errorCount: 1, pendingCount: 3, lastAt: 20 }),
    aSession({ clientName: 'zed', serverName: 'alpha', state: 'closed' }),
    aSession({ clientName: 'ada', serverName: 'web', exchangeCount: 4, pendingCount: 2, lastAt: 10 }),
  ];
  const { sources, isTruncated } = sourceTree({ sessions, total: 4 });
  expect(isTruncated).toBe(false);
  expect(sources.map(({ clientName, servers }) => [clientName, ...servers.map(({ serverName }) => serverName)])).toEqual([
    ['ada', 'web'],
    ['zed', 'alpha', 'files'],
  ]);
  expect(sources[0]).toMatchObject({ liveSessionCount: 1, exchangeCount: 4, errorCount: 1 });
  // What a session that is over left unanswered is pending no more.
  expect(sources[0]?.servers[0]).toMatchObject({ state: 'live', liveSessionCount: 1, pendingCount: 2, lastAt: 20 });
});

test('says that there is more: sessions that the page does not have, and nodes beyond 500', () => {
  expect(sourceTree({ sessions: [aSession({})], total: 2 }).isTruncated).toBe(true);
  const sessions = Array.from({ length: 300 }, (_, index) => aSession({ clientName: `client ${index}` }));
  const { sources, isTruncated } = sourceTree({ sessions, total: 300 });
  expect(isTruncated).toBe(true);
  expect(sources.length + sources.flatMap(({ servers }) => servers).length).toBe(500);
});

function aSession(facts: Partial<SessionSummary>): SessionSummary {
  return {
    id: 's',
    name: '',
    state: 'live',
    transport: 'stdio',
    era: 'legacy',
    clientName: 'client',
    serverName: 'server',
    upstream: '',
    isProbe: false,
    wasOffline: false,
    startedAt: 0,
    lastAt: 0,
    frameCount: 0,
    exchangeCount: 0,
    errorCount: 0,
    pendingCount: 0,
    sizeBytes: 0,
    ...facts,
  };
}
