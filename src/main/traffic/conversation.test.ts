import { describe, expect, test } from 'vitest';
import type { HttpHead } from '../../shared/model/frame.ts';
import { Conversation } from './conversation.ts';
import type { ExchangeRecord, FrameRecord, RecordSink, SessionRecord } from './records.ts';
import type { Sighting } from './sighting.ts';

/** Keeps the newest record per key, as the store does. */
class Record implements RecordSink {
  readonly frames: FrameRecord[] = [];
  readonly exchanges = new Map<string, ExchangeRecord>();
  lastSession: SessionRecord | undefined;
  session(record: SessionRecord) {
    this.lastSession = record;
  }
  frame(record: FrameRecord) {
    this.frames.push(record);
  }
  exchange(record: ExchangeRecord) {
    this.exchanges.set(record.exchangeId, record);
  }
  get rows() {
    return [...this.exchanges.values()];
  }
}

function begin(transport: 'stdio' | 'streamable-http' = 'stdio') {
  const record = new Record();
  const conversation = new Conversation({ id: 's', transport, clientName: '', serverName: '', upstream: 'server', startedAt: 0 }, record);
  let nowMs = 0;
  const note = (direction: Sighting['direction'], body: unknown, more: Partial<Sighting> = {}) => {
    nowMs += 10;
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    return conversation.note({
      direction,
      delivery: transport === 'stdio' ? 'line' : 'body',
      at: nowMs,
      monotonicUs: nowMs * 1000,
      body: { bytes, sizeBytes: bytes.length, isTruncated: false },
      ...more,
    });
  };
  const post = (hopId: string): Partial<Sighting> => ({
    hopId,
    http: { method: 'POST', path: '/mcp', headers: [['content-type', 'application/json']] },
  });
  const answer = (
    hopId: string,
    status = 200,
    headers: HttpHead['headers'] = [['content-type', 'application/json']],
  ): Partial<Sighting> => ({ hopId, http: { status, headers } });
  const endHop = (hopId: string, how: Parameters<Conversation['endHop']>[1]) =>
    conversation.endHop(hopId, how, nowMs + 10, (nowMs + 10) * 1000);
  return { record, conversation, note, post, answer, endHop };
}

const call = (id: unknown, name = 'search') => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, _meta: { progressToken: id } },
});
const result = (id: unknown, value: object = {}) => ({ jsonrpc: '2.0', id, result: value });

describe('a conversation', () => {
  test('takes the same id on two hops for two requests, not for a duplicate, unless a session id says that they share their ids', () => {
    const { record, conversation, note, post, answer, endHop } = begin('streamable-http');
    note('fromClient', call(0, 'a'), post('h1'));
    note('fromClient', call(0, 'b'), post('h2'));
    note('fromClient', call(0, 'c'), post('h3'));
    note('fromServer', result(0), answer('h1'));
    endHop('h1', 'complete');
    endHop('h2', 'upstream-died');
    conversation.end({ at: 100, reason: 'test' });
    expect(record.rows.map(row => [row.target, row.status, row.flags])).toEqual([
      ['a', 'ok', []],
      ['b', 'failed', ['stream-cut']],
      ['c', 'no-answer', ['no-answer']],
    ]);

    const shared = begin('streamable-http');
    const inSession = (hopId: string): Partial<Sighting> => ({
      hopId,
      http: { method: 'POST', path: '/mcp', headers: [['Mcp-Session-Id', 's']] },
    });
    shared.note('fromClient', call(0, 'a'), inSession('h1'));
    shared.note('fromClient', call(0, 'b'), inSession('h2'));
    expect(shared.record.rows.map(row => [row.target, row.status, row.flags])).toEqual([
      ['a', 'no-answer', ['duplicate-id', 'no-answer']],
      ['b', 'pending', ['duplicate-id']],
    ]);
  });

  test('takes an error without an id for an answer to the HTTP request it came on, where that asked nothing else', () => {
    const { record, note, answer, endHop } = begin('streamable-http');
    note('fromClient', '', { hopId: 'h1', http: { method: 'GET', path: '/mcp', headers: [] } });
    note('fromServer', { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } }, answer('h1', 404));
    endHop('h1', 'complete');
    expect(record.rows).toMatchObject([{ kind: 'http', method: 'GET', status: 'failed', errorCode: 404, frameCount: 2 }]);
    expect(record.frames.map(frame => frame.kind)).toEqual(['http', 'error']);
  });

  test('shows the host of the upstream until the server has named itself, and a given name for good', () => {
    const sessions: string[] = [];
    const sink: RecordSink = { session: record => void sessions.push(record.serverName), frame() {}, exchange() {} };
    const start = {
      id: 's',
      transport: 'streamable-http',
      clientName: '',
      upstream: 'http://up',
      startedAt: 0,
      serverNameUntilKnown: 'up:80',
    } as const;
    for (const serverName of ['', 'mine']) {
      const conversation = new Conversation({ ...start, serverName }, sink);
      const bytes = Buffer.from(JSON.stringify(result(0, { serverInfo: { name: 'real', version: '1' } })));
      conversation.note({
        direction: 'fromServer',
        delivery: 'body',
        at: 1,
        monotonicUs: 1,
        body: { bytes, sizeBytes: bytes.length, isTruncated: false },
      });
    }
    expect(sessions).toEqual(['up:80', 'real', 'mine', 'mine']);
  });

  test('links an answer to its request and measures the time between', () => {
    const { record, note } = begin();
    note('fromClient', call(0));
    note('fromServer', result(0));
    expect(record.rows).toMatchObject([
      { method: 'tools/call', target: 'search', status: 'ok', durationMs: 10, requestSeq: 1, responseSeq: 2, frameCount: 2 },
    ]);
    expect(record.frames.map(frame => [frame.seq, frame.exchangeId, frame.latencyMs])).toEqual([
      [1, 's/1', undefined],
      [2, 's/1', 10],
    ]);
  });

  test('keeps 1 and "1" apart, and the ids of the two directions', () => {
    const { record, note } = begin();
    note('fromClient', call(1, 'number'));
    note('fromClient', call('1', 'text'));
    note('fromServer', { jsonrpc: '2.0', id: 1, method: 'sampling/createMessage', params: {} });
    note('fromServer', result('1', { isError: true }));
    note('fromClient', result(1));
    note('fromServer', result(1));
    expect(record.rows.map(row => [row.direction, row.idText, row.target, row.status])).toEqual([
      ['fromClient', '1', 'number', 'ok'],
      ['fromClient', '"1"', 'text', 'tool-error'],
      ['fromServer', '1', undefined, 'ok'],
    ]);
  });

  test('folds progress and cancellation into their request, and flags the answer that comes too late', () => {
    const { record, note } = begin();
    note('fromClient', call(7));
    note('fromServer', { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 7, progress: 1 } });
    note('fromClient', { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7, reason: 'gave up' } });
    expect(record.rows).toMatchObject([{ status: 'cancelled', cancelledBy: 'client', cancelReason: 'gave up', progressCount: 1 }]);
    note('fromServer', result(7));
    expect(record.rows).toMatchObject([{ status: 'late', flags: ['late'], frameCount: 4 }]);
  });

  test('shows an answer that nobody asked for, and a request whose id is still pending', () => {
    const { record, note } = begin();
    note('fromServer', result(99));
    note('fromClient', call(1));
    note('fromClient', call(1));
    expect(record.rows).toMatchObject([
      { kind: 'response', flags: ['unknown-id'] },
      { status: 'no-answer', flags: ['duplicate-id', 'no-answer'] },
      { status: 'pending', flags: ['duplicate-id'] },
    ]);
  });

  test('tells stray stdout, stderr and broken client lines apart', () => {
    const { record, note } = begin();
    note('fromServer', 'Server listening…');
    note('fromServer', 'warning: x', { delivery: 'stderr' });
    note('fromClient', '{broken');
    expect(record.rows.map(row => [row.kind, row.status])).toEqual([
      ['stdout', 'ok'],
      ['stderr', 'ok'],
      ['invalid', 'error'],
    ]);
  });

  test('leaves what was never answered as no-answer when the session ends, and calls a lone discover a probe', () => {
    const { record, note, conversation } = begin();
    note('fromClient', {
      jsonrpc: '2.0',
      id: 'server-discover-probe-1',
      method: 'server/discover',
      params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
    });
    conversation.end({ at: 100, reason: 'client closed stdin', exitCode: 0 });
    expect(record.rows).toMatchObject([{ status: 'no-answer', era: 'modern' }]);
    expect(record.lastSession).toMatchObject({ state: 'closed', isProbe: true, exitCode: 0, era: 'modern' });
  });

  test('learns names, revision and era from what the peers say', () => {
    const { record, note } = begin();
    note('fromClient', {
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', clientInfo: { name: 'cursor', version: '1' } },
    });
    note('fromServer', result(0, { protocolVersion: '2025-11-25', serverInfo: { name: 'files', version: '2', title: 'Files' } }));
    expect(record.lastSession).toMatchObject({ clientName: 'cursor', serverName: 'Files', protocolVersion: '2025-11-25', era: 'legacy' });
  });

  test('goes on after a restart of the host: the late half of an exchange finds its first half', () => {
    const before = begin();
    before.note('fromClient', call(5));
    const after = new Record();
    const resumed = Conversation.resume(before.record.lastSession as SessionRecord, 1, before.record.rows, after);
    const bytes = Buffer.from(JSON.stringify(result(5)));
    resumed.note({
      direction: 'fromServer',
      delivery: 'line',
      at: 60,
      monotonicUs: 3,
      body: { bytes, sizeBytes: bytes.length, isTruncated: false },
    });
    expect(after.rows).toMatchObject([{ exchangeId: 's/1', status: 'ok', durationMs: 50, responseSeq: 2 }]);
  });
});

describe('a conversation over HTTP', () => {
  test('correlates by HTTP exchange first: two requests with the same id in flight each get their own answer', () => {
    const { record, note, post, answer } = begin('streamable-http');
    note('fromClient', call(0, 'one'), post('a'));
    note('fromClient', call(0, 'two'), post('b'));
    note('fromServer', result(0, { isError: true }), answer('b'));
    note('fromServer', result(0), answer('a'));
    expect(record.rows.map(row => [row.target, row.responseSeq])).toEqual([
      ['one', 4],
      ['two', 3],
    ]);
  });

  test('folds the 202 of a notification into its row', () => {
    const { record, note, post, answer, endHop } = begin('streamable-http');
    note('fromClient', { jsonrpc: '2.0', method: 'notifications/initialized' }, post('a'));
    note('fromServer', '', answer('a', 202, []));
    endHop('a', 'complete');
    expect(record.rows).toMatchObject([{ kind: 'notification', status: 'ok', httpStatus: 202, frameCount: 2 }]);
  });

  test('a GET stream is open, not pending, and ends quietly; a 405 is how a server says it has none', () => {
    const { record, note, answer, endHop } = begin('streamable-http');
    const get = (hopId: string): Partial<Sighting> => ({ hopId, http: { method: 'GET', path: '/mcp', headers: [] } });
    note('fromClient', '', get('a'));
    note('fromServer', '', { ...answer('a', 200, [['Content-Type', 'text/event-stream']]), delivery: 'head' });
    expect(record.rows).toMatchObject([{ kind: 'http', method: 'GET', status: 'open' }]);
    endHop('a', 'client-left');
    note('fromClient', '', get('b'));
    note('fromServer', '', answer('b', 405, []));
    expect(record.rows.map(row => row.status)).toEqual(['ok', 'ok']);
  });

  test('a lost stream cancels a modern request but not a legacy one, whose answer may come on a later GET', () => {
    const { record, note, post, answer, endHop } = begin('streamable-http');
    const modern = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'new', _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
    };
    note('fromClient', modern, post('a'));
    endHop('a', 'client-left');
    note('fromClient', call(2, 'old'), post('b'));
    endHop('b', 'client-left');
    expect(record.rows).toMatchObject([
      { status: 'cancelled', cancelledBy: 'client' },
      { status: 'pending', flags: ['client-left'] },
    ]);
    note('fromClient', '', { hopId: 'c', http: { method: 'GET', path: '/mcp', headers: [['Last-Event-ID', '4']] } });
    note('fromServer', result(2), { ...answer('c'), delivery: 'event' });
    expect(record.rows[1]).toMatchObject({ target: 'old', status: 'ok', flags: ['client-left'] });
  });

  test('an upstream that dies mid-answer fails the request and marks it cut', () => {
    const { record, note, post, endHop } = begin('streamable-http');
    note('fromClient', call(1), post('a'));
    endHop('a', 'upstream-died');
    expect(record.rows).toMatchObject([{ status: 'failed', flags: ['stream-cut'] }]);
  });

  test('an HTTP refusal without JSON-RPC fails the request and says what the server said', () => {
    const { record, note, post, answer } = begin('streamable-http');
    note('fromClient', call(1), post('a'));
    note('fromServer', 'No such session', answer('a', 404, [['content-type', 'text/plain']]));
    expect(record.rows).toMatchObject([{ status: 'failed', httpStatus: 404, errorMessage: 'HTTP 404 No such session' }]);
  });

  test('takes an error with a null id as the answer to the only request of its HTTP exchange', () => {
    const { record, note, post, answer } = begin('streamable-http');
    note('fromClient', call(1), post('a'));
    note('fromServer', { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'no' } }, answer('a', 400));
    expect(record.rows).toMatchObject([{ status: 'error', errorCode: -32600, httpStatus: 400 }]);
  });

  test('lists each element of a batch as an exchange of its own', () => {
    const { record, note, post, answer } = begin('streamable-http');
    note('fromClient', [call(1, 'one'), call(2, 'two'), { jsonrpc: '2.0', method: 'notifications/initialized' }], post('a'));
    note('fromServer', [result(2), result(1, { isError: true })], answer('a'));
    expect(record.rows.map(row => [row.exchangeId, row.target, row.status])).toEqual([
      ['s/1', 'one', 'tool-error'],
      ['s/1.1', 'two', 'ok'],
      ['s/1.2', undefined, 'ok'],
    ]);
    expect(record.frames.map(frame => frame.kind)).toEqual(['batch', 'batch']);
  });

  test('links a multi-round-trip retry, which has a new id, to its first leg', () => {
    const { record, note, post, answer } = begin('streamable-http');
    note('fromClient', call(1), post('a'));
    note('fromServer', result(1, { resultType: 'input_required', requestState: 'opaque==' }), answer('a'));
    note(
      'fromClient',
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'search', requestState: 'opaque==', inputResponses: {} } },
      post('b'),
    );
    expect(record.rows[1]).toMatchObject({ linkedExchangeId: 's/1', flags: ['retry-leg'] });
  });

  test('a subscription is open from the start and a closed stream is how it ends', () => {
    const { record, note, post, endHop } = begin('streamable-http');
    note(
      'fromClient',
      {
        jsonrpc: '2.0',
        id: 'listen:0',
        method: 'subscriptions/listen',
        params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
      },
      post('a'),
    );
    expect(record.rows).toMatchObject([{ status: 'open' }]);
    endHop('a', 'client-left');
    expect(record.rows).toMatchObject([{ status: 'ok', flags: ['client-left'] }]);
  });

  test('flags standard headers that contradict the body', () => {
    const { record, note } = begin('streamable-http');
    const headers: HttpHead['headers'] = [
      ['Mcp-Method', 'tools/call'],
      ['Mcp-Name', '=?base64?w7xidW5n?='],
    ];
    note('fromClient', call(1, 'übung'), { hopId: 'a', http: { method: 'POST', path: '/', headers } });
    note('fromClient', call(2, 'other'), { hopId: 'b', http: { method: 'POST', path: '/', headers } });
    expect(record.rows.map(row => row.flags)).toEqual([[], ['header-mismatch']]);
  });
});

test('a refusal that the model reads as the result of the tool says in its row why', () => {
  const { record, note } = begin('streamable-http');
  note('fromClient', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read' } }, { hopId: 'h' });
  const result = { content: [{ type: 'text', text: 'Not there. Do not repeat the call.' }], isError: true };
  note('fromServer', { jsonrpc: '2.0', id: 1, result }, { hopId: 'h', flags: ['own-error', 'refused'] });
  expect(record.rows).toMatchObject([{ status: 'refused', errorMessage: 'Not there. Do not repeat the call.' }]);
});
