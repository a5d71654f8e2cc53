/** Commands behind Streamable HTTP: ids, sessions, streams, and what becomes of children. */
import { expect, test } from 'vitest';
import { TrafficError } from '../../src/shared/errors/error-table.ts';
import { Departure } from '../../src/main/support/departure.ts';
import { bridged, eventually, legacy, modern } from '../kit/bridged.ts';
import { isAlive } from '../kit/is-alive.ts';

const pidOf = async (bridge: ReturnType<typeof bridged>, sessionId: string): Promise<number> =>
  (JSON.parse(await bridge.text(legacy(1, 'raw'), { sessionId })) as { result: { pid: number } }).result.pid;

const failure = async (promise: Promise<unknown>): Promise<TrafficError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TrafficError) return error;
    throw error;
  }
  throw new Error('It did not fail');
};

test.each(['0', '"0"', '9007199254740993', '-3', '"a\\u0062"', '1.50'])('the id %s comes back as it was written', async idText => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  const text = await bridge.text(`{"jsonrpc":"2.0","id":${idText},"method":"after","params":{"ms":1}}`, { sessionId });
  expect(text).toBe(`{"jsonrpc":"2.0","id":${idText},"result":{"after":1}}`);
});

test('nothing but id and tokens of a message changes, in either direction', async () => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  const sent = `{"big":9007199254740993, "jsonrpc":"2.0","params":{"a":1.50,"a":2,"_meta":{"progressToken":"t","x":"\\u00fc"},"id":7}, "\\u0069d":"mine", "id" : 5 , "method":"raw"}`;
  const { line } = (JSON.parse(await bridge.text(sent, { sessionId })) as { result: { line: string } }).result;
  const [ours] = /\d+(?= , "method")/.exec(line) ?? [];
  expect(line).toBe(sent.replace('"t"', `${ours}`).replace('"mine"', `${ours}`).replace(': 5 ,', `: ${ours} ,`));
  const exact = await bridge.text(legacy('e', 'exact'), { sessionId });
  expect(exact).toBe(`{ "result" : {"big":9007199254740993,"a":1, "a":2.50,"text":"\\u00fc"},\t"id":"e", "jsonrpc":"2.0"}`);
});

test('a message over several lines reaches the server on one', async () => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  const { line } = (
    JSON.parse(await bridge.text('{\r\n  "jsonrpc": "2.0",\n  "id": 1,\n  "method": "raw"\n}\n', { sessionId })) as {
      result: { line: string };
    }
  ).result;
  expect(line).toMatch(/^\{ {4}"jsonrpc": "2\.0", {3}"id": \d+, {3}"method": "raw" \}$/);
});

test('each legacy session has a process of its own, and ends it with DELETE', async () => {
  await using bridge = bridged();
  const [one, two] = await Promise.all([bridge.initialize('a'), bridge.initialize('b')]);
  const [pidOne, pidTwo] = await Promise.all([pidOf(bridge, one), pidOf(bridge, two)]);
  expect(pidOne).not.toBe(pidTwo);
  expect(bridge.connection.childCount()).toBe(2);
  expect((await bridge.ask({ method: 'DELETE', sessionId: one })).status).toBe(204);
  await eventually(() => !isAlive(pidOne));
  expect((await failure(bridge.ask({ sessionId: one, body: legacy(1, 'raw') }))).code).toBe('SESSION_LOST');
  expect((await failure(bridge.ask({ method: 'GET', sessionId: one }))).code).toBe('SESSION_LOST');
  expect(await pidOf(bridge, two)).toBe(pidTwo);
  // A process is dead a moment before we are told.
  await eventually(() => bridge.connection.childCount() === 1);
});

test('a refused handshake gives no session and leaves no process', async () => {
  await using bridge = bridged();
  const answer = await bridge.ask({
    body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { clientInfo: { name: 'unwanted' } } }),
  });
  expect([await answer.whole(), answer.header('mcp-session-id')]).toEqual([expect.stringContaining('"id":0,"error"'), undefined]);
  await eventually(() => bridge.connection.childCount() === 0);
});

test('a legacy request without a session is refused, GET and DELETE are not allowed', async () => {
  await using bridge = bridged();
  expect((await failure(bridge.ask({ body: legacy(1, 'raw') }))).code).toBe('BAD_REQUEST');
  expect((await bridge.ask({ method: 'GET' })).status).toBe(405);
  expect((await bridge.ask({ method: 'DELETE' })).status).toBe(405);
  expect(bridge.connection.childCount()).toBe(0);
});

test('clients of the modern era share one process, and two that use the same ids get their own answers', async () => {
  await using bridge = bridged();
  const ids = [0, '0', 0, 1, '1', 0];
  const texts = await Promise.all(ids.map((id, at) => bridge.text(modern(id, 'after', { ms: 60 - at * 10 }), { client: `client-${at}` })));
  expect(texts.map(text => JSON.parse(text))).toEqual(ids.map((id, at) => ({ jsonrpc: '2.0', id, result: { after: 60 - at * 10 } })));
  expect(bridge.connection.childCount()).toBe(1);
  expect(bridge.events.filter(event => event.type === 'child')).toMatchObject([{ what: 'started', pid: expect.any(Number) }]);
});

test('progress makes the answer an event stream, under the token of the client', async () => {
  await using bridge = bridged();
  const asked = async (client: string, token: unknown) => {
    const answer = await bridge.ask({ client, body: modern(0, 'progress', { steps: 2, everyMs: 20 }, { progressToken: token }) });
    await answer.whole();
    return answer;
  };
  const [one, two] = await Promise.all([asked('a', 0), asked('b', '0')]);
  expect(one.header('content-type')).toBe('text/event-stream');
  const heard = (events: string[]) =>
    events.map(event => JSON.parse(event) as { id?: number; params?: { progressToken: unknown; progress: number } });
  expect(heard(one.events).map(({ id, params }) => params ?? id)).toEqual([
    { progressToken: 0, progress: 1 },
    { progressToken: 0, progress: 2 },
    0,
  ]);
  expect(heard(two.events).map(({ id, params }) => params ?? id)).toEqual([
    { progressToken: '0', progress: 1 },
    { progressToken: '0', progress: 2 },
    0,
  ]);
});

test('a client that takes JSON alone gets the result, and no progress', async () => {
  await using bridge = bridged();
  const headers = ['Accept', 'application/json'];
  const answer = await bridge.ask({ headers, body: modern(0, 'progress', {}, { progressToken: 1 }) });
  expect([await answer.whole(), answer.header('content-type')]).toEqual([
    '{"jsonrpc":"2.0","id":0,"result":{"done":true}}',
    'application/json',
  ]);
});

test('notifications and answers are accepted with 202 and no body', async () => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  const answer = await bridge.ask({ sessionId, body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' });
  expect([answer.status, await answer.whole()]).toEqual([202, '']);
  const stray = await bridge.ask({ sessionId, body: '{"jsonrpc":"2.0","id":77,"result":{}}' });
  expect([stray.status, await stray.whole()]).toEqual([202, '']);
  expect(JSON.parse(await bridge.text(legacy(1, 'heard'), { sessionId }))).toMatchObject({
    result: { heard: ['{"jsonrpc":"2.0","method":"notifications/initialized"}'] },
  });
});

test('a batch is answered with one array, its notifications in between are heard', async () => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  const batch = `[${legacy(1, 'after', { ms: 30 })},{"jsonrpc":"2.0","method":"notifications/x"}, ${legacy('1', 'after', { ms: 1 })}]`;
  const answer = JSON.parse(await bridge.text(batch, { sessionId })) as { id: unknown }[];
  expect(answer.map(({ id }) => id)).toEqual(['1', 1]);
  expect(await bridge.text(legacy(1, 'heard'), { sessionId })).toContain('notifications/x');
});

test('a server asks inside of a call, the client answers by a second POST, and both get the ids they know', async () => {
  await using bridge = bridged();
  const sessions = await Promise.all([bridge.initialize('a'), bridge.initialize('b')]);
  const seen = new Set<number>();
  await Promise.all(
    sessions.map(async (sessionId, at) => {
      const call = await bridge.ask({ sessionId, body: legacy(5, 'ask') });
      const question = JSON.parse(await call.until(({ events }) => events[0])) as {
        id: number;
        method: string;
        params: { _meta: { progressToken: number } };
      };
      expect(question).toMatchObject({ method: 'sampling/createMessage', params: { _meta: { progressToken: question.id } } });
      seen.add(question.id);
      await bridge.ask({
        sessionId,
        body: `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${question.id},"progress":1}}`,
      });
      // An answer on the other session is to a request that nobody asked there.
      await bridge.ask({
        sessionId: sessions[1 - at] as string,
        body: `{"jsonrpc":"2.0","id":${question.id},"result":{"from":"a stranger"}}`,
      });
      await bridge.ask({ sessionId, body: `{"jsonrpc":"2.0","id":${question.id},"result":{"from":${at}}}` });
      await call.whole();
      const { result } = JSON.parse(call.events[1] as string) as { result: { clientSaid: string } };
      expect(result.clientSaid).toBe(`{"jsonrpc":"2.0","id":0,"result":{"from":${at}}}`);
      const { heard } = (JSON.parse(await bridge.text(legacy(6, 'heard'), { sessionId })) as { result: { heard: string[] } }).result;
      expect(heard[0]).toBe('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":0,"progress":1}}');
    }),
  );
  expect(seen.size).toBe(2);
});

test('what belongs to no call goes to the GET stream, waits for one, and a second stream replaces the first', async () => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  const headers = ['Accept', 'application/json'];
  await bridge.text(legacy(1, 'notify', { count: 300 }), { sessionId, headers });
  const first = await bridge.ask({ method: 'GET', sessionId });
  // 256 wait; the oldest gave way.
  await first.until(({ events }) => events.length === 256);
  expect(JSON.parse(first.events[0] as string)).toMatchObject({ params: { data: 44 } });
  await bridge.text(legacy(2, 'notify', { data: 'live' }), { sessionId, headers });
  await first.until(({ events }) => events.at(-1)?.includes('live'));
  const second = await bridge.ask({ method: 'GET', sessionId });
  expect(await first.whole()).toContain('live');
  await bridge.text(legacy(3, 'notify', { data: 'again' }), { sessionId });
  await second.until(({ events }) => events.length === 1);
});

test('without a GET stream a notification joins a call that is open', async () => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  const answer = await bridge.ask({ sessionId, body: legacy(1, 'notify', { data: 'x' }) });
  await answer.whole();
  expect(answer.events.map(event => JSON.parse(event) as object)).toMatchObject([{ params: { data: 'x' } }, { id: 1 }]);
});

test('untagged notifications of a shared server reach nobody once there are two clients', async () => {
  await using bridge = bridged();
  const alone = await bridge.ask({ client: 'a', body: modern(1, 'notify', { data: 'mine' }) });
  await alone.whole();
  expect(alone.events).toHaveLength(2);
  expect(await bridge.text(modern(1, 'notify', { data: 'whose' }), { client: 'b' })).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
});

test('subscriptions of two clients are told apart, keep the type of their id, and end gracefully', async () => {
  await using bridge = bridged();
  const [one, two] = await Promise.all([
    bridge.ask({ client: 'a', body: modern(0, 'subscriptions/listen') }),
    bridge.ask({ client: 'b', body: modern('0', 'subscriptions/listen') }),
  ]);
  await bridge.text(modern(1, 'change'), { client: 'c' });
  await bridge.text(modern(2, 'coerced-change'), { client: 'c' });
  const tagOf = (event: string) =>
    (JSON.parse(event) as { params: { _meta: Record<string, unknown> } }).params._meta['io.modelcontextprotocol/subscriptionId'];
  for (const [stream, id] of [
    [one, 0],
    [two, '0'],
  ] as const) {
    await stream.until(({ events }) => events.length === 3);
    expect(stream.events[0]).toContain('notifications/subscriptions/acknowledged');
    expect(stream.events.map(tagOf)).toEqual([id, id, id]);
  }
  await bridge.text(modern(3, 'end-subscriptions'), { client: 'c' });
  await Promise.all([one.whole(), two.whole()]);
  expect(two.events[3]).toBe('{"jsonrpc":"2.0","id":"0","result":{"_meta":{"io.modelcontextprotocol/subscriptionId":"0"}}}');
});

test('a modern client that closes its stream, or leaves before it began, calls its request off upstream', async () => {
  await using bridge = bridged();
  const listening = await bridge.ask({ client: 'a', body: modern(7, 'subscriptions/listen') });
  await listening.until(({ events }) => events.length === 1);
  const departure = new Departure();
  const silent = failure(bridge.ask({ client: 'b', body: modern(7, 'silent'), departure }));
  listening.answer.body.abort();
  await new Promise(resolve => setTimeout(resolve, 20));
  departure.happen();
  expect((await silent).code).toBe('CANCELLED');
  const { heard } = (JSON.parse(await bridge.text(modern(1, 'heard'), { client: 'c' })) as { result: { heard: string[] } }).result;
  expect(heard.map(line => JSON.parse(line) as object)).toMatchObject([
    { method: 'notifications/cancelled', params: { requestId: 1 } },
    { method: 'notifications/cancelled', params: { requestId: 2 } },
  ]);
});

test('a legacy client that drops its stream calls nothing off; its cancellation is passed on and ends its stream', async () => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  const departure = new Departure();
  const dropped = failure(bridge.ask({ sessionId, body: legacy('d', 'silent'), departure }));
  departure.happen();
  expect((await dropped).code).toBe('CANCELLED');
  const open = bridge.ask({ sessionId, body: legacy(3, 'silent') });
  for (const requestId of ['3', '"d"', '99'])
    await bridge.ask({ sessionId, body: `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${requestId}}}` });
  expect(JSON.parse(await (await open).whole())).toMatchObject({ id: 3, error: { code: 49900 } });
  const { heard } = (JSON.parse(await bridge.text(legacy(4, 'heard'), { sessionId })) as { result: { heard: string[] } }).result;
  // The request that was dropped can still be called off; one that never was is nobody's.
  expect(heard.map(line => (JSON.parse(line) as { params: object }).params)).toEqual([{ requestId: 3 }, { requestId: 2 }]);
});

test('one client cannot call off the request of another on a shared process', async () => {
  await using bridge = bridged();
  const slow = bridge.text(modern(1, 'after', { ms: 100 }), { client: 'a' });
  const cancel = {
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId: 1, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
  };
  expect((await bridge.ask({ client: 'b', body: JSON.stringify(cancel) })).status).toBe(202);
  expect(await slow).toContain('"after":100');
  expect(await bridge.text(modern(1, 'heard'))).not.toContain('cancelled');
});

test('after silence a client that takes a stream gets one with a comment', async () => {
  await using bridge = bridged({ options: { silenceMs: 60 } });
  const sessionId = await bridge.initialize();
  const answer = await bridge.ask({ sessionId, body: legacy(1, 'after', { ms: 400 }) });
  expect(answer.header('content-type')).toBe('text/event-stream');
  expect(await answer.whole()).toMatch(/^: keep-alive\n\nevent: message\ndata: \{"jsonrpc":"2\.0","id":1,"result":\{"after":400\}\}\n\n$/);
});

test('a line cut at every byte arrives whole', async () => {
  await using bridge = bridged();
  expect(await bridge.text(modern(1, 'bytes'))).toBe('{"jsonrpc":"2.0","id":1,"result":{"text":"Zürich 世界 🐈"}}');
});

test('stray output goes to the record of the session and to no client', async () => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  expect(await bridge.text(legacy(1, 'stray'), { sessionId })).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
  await eventually(() => bridge.exchanges.record.frames.length === 3);
  expect(bridge.exchanges.record.frames.map(({ kind, body }) => [kind, Buffer.from(body).toString()]).sort()).toEqual([
    ['stderr', 'a word on stderr'],
    ['stdout', 'npm warn this is no JSON'],
    ['stdout', '{"half": '],
  ]);
});

test('errors have the status of the modern era, and 200 in the legacy one', async () => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  expect((await bridge.ask({ body: modern(1, 'no/such') })).status).toBe(404);
  expect((await bridge.ask({ body: legacy(1, 'no/such'), sessionId })).status).toBe(200);
});

test('50 MB in one line pass', async () => {
  await using bridge = bridged();
  const text = await bridge.text(modern('big', 'big', { bytes: 50_000_000 }));
  expect(text.length).toBe(50_000_000 + '{"jsonrpc":"2.0","id":"big","result":{"text":""}}'.length);
});

test('a client that reads slowly makes its own server wait, and nobody else', async () => {
  await using bridge = bridged();
  const [slow, quick] = await Promise.all([bridge.initialize('slow'), bridge.initialize('quick')]);
  const stream = await bridge.ask({ sessionId: slow, body: legacy(1, 'notify', { count: 40, data: 'x'.repeat(100_000) }) });
  stream.isReading = false;
  await bridge.text(legacy(1, 'raw'), { sessionId: quick });
  await new Promise(resolve => setTimeout(resolve, 300));
  expect(stream.end).toBe('open');
  stream.isReading = true;
  for (; stream.end === 'open'; await new Promise(resolve => setTimeout(resolve, 5))) stream.answer.body.resume();
  expect(stream.events).toHaveLength(41);
});

test('a question whose client has left is answered for it, and recorded so; while somebody waits it may take its time', async () => {
  await using bridge = bridged({ options: { goneMs: 90 } });
  const sessionId = await bridge.initialize();
  const heardBy = async () =>
    (JSON.parse(await bridge.text(legacy(9, 'heard'), { sessionId })) as { result: { heard: string[] } }).result.heard;
  const left = await bridge.ask({ sessionId, body: legacy(1, 'ask', { serverId: 'left' }) });
  await left.until(({ events }) => events.length === 1);
  await new Promise(resolve => setTimeout(resolve, 250));
  expect(await heardBy()).toEqual([]);

  left.answer.body.abort();
  await new Promise(resolve => setTimeout(resolve, 250));
  const [answer = ''] = await heardBy();
  expect(JSON.parse(answer)).toEqual({
    jsonrpc: '2.0',
    id: 'left',
    error: { code: 50300, message: 'The client that was asked is gone. Nobody answers for it.', data: { reason: 'CLIENT_GONE' } },
  });
  const noted = bridge.exchanges.record.frames.filter(({ flags }) => flags.includes('own-error'));
  expect(noted).toMatchObject([{ direction: 'fromClient', kind: 'error', idText: '1' }]);
  // What the client says of it later is about nothing that is open.
  expect((await bridge.ask({ sessionId, body: '{"jsonrpc":"2.0","id":1,"result":{}}' })).status).toBe(202);
  expect(await heardBy()).toEqual([answer]);
});

test('as many requests may wait as are allowed, one more is refused', async () => {
  await using bridge = bridged({ options: { maxPending: 2 } });
  const sessionId = await bridge.initialize();
  const departure = new Departure();
  const waiting = [
    failure(bridge.ask({ sessionId, body: legacy(1, 'silent'), departure })),
    failure(bridge.ask({ sessionId, body: legacy(2, 'silent') })),
  ];
  expect(await failure(bridge.ask({ sessionId, body: legacy(3, 'raw') }))).toMatchObject({
    code: 'UNAVAILABLE',
    facts: { state: 'full', retry_after_ms: 1000, may_have_executed: false },
  });
  // What nobody waits for any more gives way.
  departure.happen();
  expect(await bridge.text(legacy(3, 'raw'), { sessionId })).toContain('"id":3');
  await bridge.connection.close();
  expect((await Promise.all(waiting)).map(({ code }) => code)).toEqual(['CANCELLED', 'SHUTTING_DOWN']);
});
