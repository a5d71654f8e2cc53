/** A legacy batch (2025-03-26) from the conversation into the store and out again. */
import { expect, test } from 'vitest';
import { silentLogger, systemClock } from '../../src/main/ports.ts';
import { createRecorder } from '../../src/main/recording/recorder.ts';
import { Conversation } from '../../src/main/traffic/conversation.ts';
import { openTestStore } from '../kit/store-kit.ts';

test('checklist 40: every element of a recorded batch is a row of its own, with its own answer', async () => {
  await using kit = await openTestStore();
  const recorder = createRecorder({ store: kit.store, clock: systemClock, log: silentLogger });
  const start = { id: 's', clientName: 'c', serverName: 'x', upstream: 'u', startedAt: 1 };
  const conversation = new Conversation({ ...start, transport: 'streamable-http' }, recorder);
  const note = (direction: 'fromClient' | 'fromServer', value: unknown, http: object) => {
    const bytes = Buffer.from(JSON.stringify(value));
    conversation.note({
      direction,
      delivery: 'body',
      at: 1,
      monotonicUs: direction === 'fromClient' ? 0 : 5000,
      body: { bytes, sizeBytes: bytes.length, isTruncated: false },
      hopId: 'h',
      http: { headers: [['content-type', 'application/json']], ...http },
    });
  };
  const ids = [1, '1', 2];
  note(
    'fromClient',
    ids.map(id => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: `tool ${JSON.stringify(id)}` } })),
    { method: 'POST', path: '/' },
  );
  note(
    'fromServer',
    ids.toReversed().map(id => ({ jsonrpc: '2.0', id, result: { isError: id === '1' } })),
    { status: 200 },
  );
  await recorder.close();

  const everything = { mode: 'exchanges', filter: '', scope: {}, requestsOnly: false, sort: { column: 'id', descending: false } } as const;
  await kit.store.openView('v', everything);
  const { rows } = await kit.store.viewRows('v', 0, 10);
  const seen = rows.map(row => row.row === 'exchange' && [row.exchange.exchangeId, row.exchange.target, row.exchange.status]);
  expect(seen).toEqual([
    ['s/1', 'tool 1', 'ok'],
    ['s/1.1', 'tool "1"', 'tool-error'],
    ['s/1.2', 'tool 2', 'ok'],
  ]);
  expect((await kit.store.session('s'))?.exchangeCount).toBe(3);
});
