/** What a session keeps of what its two sides say of themselves. */
import { expect, test } from 'vitest';
import type { MessageFacts } from '../../shared/mcp/facts.ts';
import { learnedFrom } from './peers.ts';
import type { SessionRecord } from './records.ts';

const long = 'x'.repeat(1_000_000);

test('the beginning of names and revisions that are long beyond measure, once', () => {
  const peer = { name: long, version: long, title: long };
  const facts = { era: 'legacy', clientInfo: peer, serverInfo: peer, protocolVersion: long, isToolError: false } as MessageFacts;
  const session = { era: 'legacy' } as SessionRecord;
  const learned = learnedFrom(facts, session, false);
  const cut = 'x'.repeat(200);
  const kept = { name: cut, version: cut, title: cut };
  expect(learned).toEqual({ clientInfo: kept, clientName: cut, serverInfo: kept, serverName: cut, protocolVersion: cut });
  // Clients of the modern era say it with every request.
  expect(learnedFrom(facts, { ...session, ...learned }, false)).toBeUndefined();
});
