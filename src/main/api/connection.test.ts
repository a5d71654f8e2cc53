import { describe, expect, test } from 'vitest';
import type { HostMessage } from '../../shared/contract/wire.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { silentLogger } from '../ports.ts';
import { Announcer, newest, type TopicHandlers } from '../publish/topic.ts';
import { openConnection } from './connection.ts';
import { serveCalls, type CallHandlers } from './serve-calls.ts';

const status = (count: number) => ({ liveSessionCount: count }) as never;

function connect() {
  const sent: HostMessage[] = [];
  let isCongested = false;
  const heard = new Announcer<never>();
  const idle = { subscribe: () => Promise.resolve(() => {}), conflate: newest } as never;
  const topicHandlers: TopicHandlers = {
    timeline: { subscribe: () => Promise.reject(new TrafficError('NOT_FOUND', 'closed view')), conflate: newest },
    status: { subscribe: (_params, _caller, push) => Promise.resolve((push(status(0)), heard.listen(push as never))), conflate: newest },
    sources: idle,
    sessions: idle,
    gateway: idle,
    upstreams: idle,
    limits: idle,
    preferences: idle,
  };
  const closed: string[] = [];
  const handlers = {
    'session.get': () => Promise.reject(new Error('secret detail of a defect')),
    'recording.set': (_input: unknown, caller: { onClose: (release: () => void) => void }) => {
      caller.onClose(() => closed.push('first'));
      caller.onClose(() => closed.push('second'));
      return Promise.resolve({});
    },
  } as unknown as CallHandlers;
  const connection = openConnection(
    { canAdminister: false, send: message => (sent.push(message), !isCongested) },
    { id: 'c', serve: serveCalls(handlers, silentLogger), topicHandlers, log: silentLogger },
  );
  const settle = () => new Promise(resolve => setImmediate(resolve));
  return { sent, connection, heard, closed, settle, congest: (value: boolean) => (isCongested = value) };
}

describe('a connection', () => {
  test('answers what is not of the contract instead of throwing', async () => {
    const { connection, sent, settle } = connect();
    connection.receive('noise');
    connection.receive({ type: 'call', id: 1, name: 'no.such', input: {} });
    connection.receive({ type: 'call', id: 2, name: 'session.get', input: { id: 7 } });
    connection.receive({ type: 'subscribe', id: 3, topic: '__proto__', params: {} });
    connection.receive({ type: 'subscribe', id: 4, topic: 'timeline', params: { viewId: 'x' } });
    await settle();
    expect(sent.map(message => (message.type === 'reply' ? message.reply : message))).toMatchObject([
      { type: 'closed', code: 'BAD_CALL' },
      { type: 'closed', id: 3, code: 'BAD_CALL' },
      { ok: false, code: 'BAD_CALL', message: 'There is no call "no.such".' },
      { ok: false, code: 'BAD_CALL' },
      { type: 'closed', id: 4, code: 'NOT_FOUND', message: 'closed view' },
    ]);
  });

  test('reports a defect as ours, without its details', async () => {
    const { connection, sent, settle } = connect();
    connection.receive({ type: 'call', id: 1, name: 'session.get', input: { id: 's' } });
    await settle();
    expect(sent).toMatchObject([{ reply: { ok: false, code: 'INTERNAL' } }]);
    expect(JSON.stringify(sent)).not.toContain('secret detail');
  });

  test('gives a slow reader the newest state once it can take it, without a gap in the numbers', async () => {
    const { connection, sent, heard, settle, congest } = connect();
    connection.receive({ type: 'subscribe', id: 1, topic: 'status', params: {} });
    await settle();
    congest(true);
    heard.announce(status(1));
    heard.announce(status(2));
    heard.announce(status(3));
    congest(false);
    connection.drained();
    heard.announce(status(4));
    const seen = sent.map(
      message => message.type === 'message' && [message.seq, (message.message as { liveSessionCount: number }).liveSessionCount],
    );
    expect(seen).toEqual([
      [1, 0],
      [2, 1],
      [3, 3],
      [4, 4],
    ]);
  });

  test('gives back what its calls took, newest first, and hears nothing more', async () => {
    const { connection, sent, heard, closed, settle } = connect();
    connection.receive({ type: 'call', id: 1, name: 'recording.set', input: { isOn: true } });
    connection.receive({ type: 'subscribe', id: 2, topic: 'status', params: {} });
    await settle();
    connection.close();
    const sentBefore = sent.length;
    heard.announce(status(9));
    expect([closed, sent.length - sentBefore, heard.isHeard]).toEqual([['second', 'first'], 0, false]);
  });
});
