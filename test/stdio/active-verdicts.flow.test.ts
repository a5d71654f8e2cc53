/** What policies and limits do to the lines of a wrapped session: each kind of verdict, seen by the client, by the server, and in the record. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RecordedSession } from '../kit/stdio-shim.ts';
import {
  isGapless,
  linesOf,
  onlySession,
  recordedBy,
  request,
  scriptedServer,
  startHost,
  startWrapped,
  tempDataDir,
  until,
  type StdioClient,
} from '../kit/stdio-shim.ts';

const answerTo = async (client: StdioClient, id: string): Promise<string> =>
  client.line(line => line.includes(`"id":${id},`) || line.includes(`"id":${id}}`));
const frameOf = ({ frames }: RecordedSession, direction: string, text: string) =>
  frames.find(({ frame, body }) => frame.direction === direction && Buffer.from(body).toString().includes(text));

test('each kind of verdict: what the client gets, what the server gets, and what is recorded', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'closed' });
  const log = join(dir.path, 'server.log');
  await using client = startWrapped(dir.path, scriptedServer('--log', log), ['--name', 'files']);
  const big = '12345678901234567890123';
  const sent = [
    request(1, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'probe-client', version: '9' } }),
    request(2, 'echo', { text: 'ä😀' }),
    request('deny-me', 'deny'),
    '{"jsonrpc":"2.0","method":"notifications/deny"}',
    `{"jsonrpc":"2.0","id":${big},"method":"deny"}`,
    request(4, 'fail'),
    request(5, 'mock'),
    request(6, 'rewrite'),
    request(7, 'tools/call', { name: 'as-result' }),
    request(8, 'late-refuse'),
    request(9, 'watched'),
    '{"jsonrpc":"2.0","method":"notifications/fine"}',
    '{"jsonrpc":"2.0","id":77,"result":{}}',
    'what is this',
    request(10, 'throw-in-guard'),
  ];
  for (const line of sent) client.write(`${line}\n`);
  await answerTo(client, '10');
  await answerTo(client, '9');
  client.end();
  expect(await client.exited).toMatchObject({ code: 0 });
  expect(client.stderr.toString()).toBe('');

  const byId = new Map(client.lines.map(line => [String((JSON.parse(line) as { id: unknown }).id), line]));
  const json = (id: string) => JSON.parse(byId.get(id) ?? '{}') as { result?: unknown; error?: Record<string, unknown> };
  expect(json('2').result).toEqual({ method: 'echo', text: 'ä😀' });
  expect(json('deny-me').error).toMatchObject({
    code: 40300,
    data: { reason: 'DENIED', policy_id: 'no-deny', correlation_id: 'corr-0001' },
  });
  expect(client.lines.find(line => line.includes(big))).toContain(`"id":${big},"error"`);
  expect(json('4').error).toMatchObject({ code: 50000 });
  expect(json('4').error?.['message']).not.toContain('planted');
  expect(json('5').result).toEqual({ isMock: true });
  expect(json('6').result).toEqual({ method: 'echo', rewritten: true });
  expect(json('7').result).toMatchObject({ isError: true });
  expect(json('8').error).toMatchObject({ code: 40302 });
  expect(json('9').result).toEqual({ method: 'watched' });
  expect(json('10').error).toMatchObject({ code: 50000 });
  // The scripted server takes also the client's answer (77) for a request.
  expect(client.lines).toHaveLength(12);
  expect(host.heard).toContain('ended complete');

  const received = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  expect(received).toEqual([
    sent[0],
    sent[1],
    '{"jsonrpc":"2.0","id":6,"method":"echo","params":{"rewritten":true}}',
    sent[9],
    sent[10],
    sent[11],
    sent[12],
  ]);

  const session = onlySession(await recordedBy(host, dir.path));
  expect(isGapless(session)).toBe(true);
  expect(linesOf(session, 'fromClient')).toEqual(sent);
  // As received from the server or made by us; what was delivered instead stands beside it.
  const delivered = session.frames
    .filter(({ frame }) => frame.delivery === 'line' && frame.direction === 'fromServer')
    .map(({ body, delivered: instead }) => Buffer.from(instead ?? body).toString());
  expect(delivered.toSorted()).toEqual([...client.lines].toSorted());
  expect(
    session.frames.map(({ frame, body }) => (frame.kind === 'lifecycle' ? (JSON.parse(Buffer.from(body).toString()) as object) : {})),
  ).toContainEqual({
    event: 'mode',
    mode: 'active',
    cause: 'host',
  });
  const refusedVerdict = { stage: 'apply-policy', kind: 'refused', id: 'no-deny', reason: 'it is called so' };
  expect(frameOf(session, 'fromClient', '"deny-me"')?.frame).toMatchObject({ verdicts: [refusedVerdict], flags: [] });
  expect(frameOf(session, 'fromServer', '"deny-me"')?.frame.flags).toEqual(['own-error', 'refused']);
  expect(frameOf(session, 'fromClient', 'notifications/deny')?.frame).toMatchObject({ verdicts: [refusedVerdict], flags: ['refused'] });
  const rewritten = frameOf(session, 'fromClient', '"rewrite"');
  expect(rewritten?.frame.verdicts).toEqual([{ stage: 'intercept', kind: 'changed', id: 'r1' }]);
  expect(Buffer.from(rewritten?.delivered ?? []).toString()).toBe(received[2]);
  const late = frameOf(session, 'fromServer', '"late-refuse"');
  expect(late?.frame.flags).toEqual(['own-error', 'refused']);
  expect(Buffer.from(late?.delivered ?? []).toString()).toBe(byId.get('8'));
  expect(frameOf(session, 'fromClient', 'what is this')?.frame).toMatchObject({
    kind: 'invalid',
    flags: ['refused'],
    verdicts: [{ stage: 'validate', kind: 'refused' }],
  });
  expect(session.session).toMatchObject({ clientName: 'probe-client', serverName: 'files', pendingCount: 0 });
});

test('a list is filtered on its way back, in order with what stands around it, and recorded as received and as delivered', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'open' });
  await using client = startWrapped(dir.path, scriptedServer());
  const tools = [{ name: 'seen' }, { name: 'hidden-one' }, { name: 'also' }];
  for (const [id, method] of [
    [1, 'tools/list'],
    [2, 'gathered'],
  ] as const)
    client.write(`${request(id, method, { tools })}\n`);
  client.write(`${request(3, 'stray', { text: 'not json' })}\n${request(4, 'tools/list', { tools: [] })}\n`);
  await answerTo(client, '4');
  const shown = [{ name: 'seen' }, { name: 'also' }];
  expect(client.lines.map(line => (line === 'not json' ? line : (JSON.parse(line) as { result: object }).result))).toEqual([
    { method: 'tools/list', tools: shown },
    { method: 'gathered', tools: shown },
    'not json',
    {},
    { method: 'tools/list', tools: [] },
  ]);
  client.end();
  await client.exited;
  const session = onlySession(await recordedBy(host, dir.path));
  const list = frameOf(session, 'fromServer', 'hidden-one');
  expect(list?.frame).toMatchObject({
    kind: 'result',
    verdicts: [{ stage: 'apply-policy', kind: 'changed', reason: 'hidden from the list' }],
  });
  expect(Buffer.from(list?.delivered ?? []).toString()).toBe(client.lines[0]);
  expect(frameOf(session, 'fromServer', '"id":4')?.frame.deliveredBytes).toBeUndefined();
});

test('a batch is one exchange, answered by one line or by several', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'open' });
  await using client = startWrapped(dir.path, scriptedServer());
  const tools = [{ name: 'seen' }, { name: 'hidden-one' }];
  const batch = (from: number, isSplit: boolean): string =>
    JSON.stringify([
      { jsonrpc: '2.0', id: from, method: 'tools/list', params: { tools, isSplit } },
      { jsonrpc: '2.0', id: from + 1, method: 'echo', params: {} },
    ]);
  client.write(`${batch(1, false)}\n`);
  await client.line(line => line.includes('"id":1,'));
  client.write(`${batch(3, true)}\n`);
  await client.line(line => line.includes('"id":3,'));
  client.write(
    `${JSON.stringify([
      { jsonrpc: '2.0', id: 5, method: 'deny' },
      { jsonrpc: '2.0', id: 'b', method: 'echo' },
    ])}\n`,
  );
  await client.line(line => line.includes('"id":5,'));
  expect(
    client.lines.map(line => (JSON.parse(line) as { id: unknown; result?: unknown }[]).map(({ id, result }) => ({ id, result }))),
  ).toEqual([
    [
      { id: 1, result: { method: 'tools/list', tools: [{ name: 'seen' }], isSplit: false } },
      { id: 2, result: { method: 'echo' } },
    ],
    [
      { id: 3, result: { method: 'tools/list', tools: [{ name: 'seen' }], isSplit: true } },
      { id: 4, result: { method: 'echo' } },
    ],
    [
      { id: 5, result: undefined },
      { id: 'b', result: undefined },
    ],
  ]);
  client.end();
  await client.exited;
  expect(isGapless(onlySession(await recordedBy(host, dir.path)))).toBe(true);
});

test('answers in one line, and to one line, stay what the server wrote: digits beyond 2^53, forms of numbers, spaces, escapes', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'open' });
  await using client = startWrapped(dir.path, scriptedServer());
  // Next to each other beyond 2^53: as doubles they are the same number.
  const [a, b] = ['1152921504606846977', '1152921504606846979'];
  const asked = (id: string) => `{"jsonrpc":"2.0","id":${id},"method":"silent","params":{"isSplit":true}}`;
  const answers = [
    String.raw`{"jsonrpc":"2.0","id":${a},"result":{"count":1152921504606846977,"rate":1.0e2, "text":"\u00e4],"}}`,
    `{ "result":{"is":"ä","zero":-0.0},"jsonrpc":"2.0","id" : ${b} }`,
  ];
  const said = (line: string) => client.write(`${request('say', 'stray', { text: line })}\n`);

  // Asked one by one, answered by one line.
  for (const id of [a, b]) client.write(`${asked(id)}\n`);
  said(`[${answers[0]}, ${answers[1]}]`);
  const one = await client.line(line => line.includes('"is":"ä"'));
  expect(client.lines.slice(client.lines.indexOf(one) - 1, client.lines.indexOf(one) + 1)).toEqual(answers);

  // Asked by one line, answered one by one.
  client.write(`[${asked(a)},${asked(b)}]\n`);
  for (const answer of answers) said(answer);
  expect(await client.line(line => line.startsWith('['))).toBe(`[${answers.join(',')}]`);
  client.end();
  await client.exited;
  expect(isGapless(onlySession(await recordedBy(host, dir.path)))).toBe(true);
});

test('a cancellation takes back a line that still waits, and gives back what a stage holds for one that was passed on', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'open' });
  const log = join(dir.path, 'server.log');
  await using client = startWrapped(dir.path, scriptedServer('--log', log));
  const cancel = (id: number): string => JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
  client.write(`${request(1, 'hold')}\n`);
  await until(() => host.heard.includes('holding'), 'the hold');
  client.write(`${cancel(1)}\n${request(2, 'echo')}\n`);
  await answerTo(client, '2');
  expect(host.heard).toContain('left hold');

  client.write(`${request(3, 'watched', { isLate: true })}\n${request(4, 'silent')}\n`);
  await answerTo(client, '3');
  client.write(`${cancel(4)}\n${request(5, 'echo')}\n`);
  await answerTo(client, '5');
  await until(() => host.heard.includes('left silent'), 'the stage to be told');
  client.write(`${request(6, 'later', { ms: 300 })}\n`);
  await until(() => readFileSync(log, 'utf8').includes('later'), 'the request to reach the server');
  client.write(`${cancel(6)}\n`);
  await new Promise(resolve => {
    setTimeout(resolve, 500);
  });
  expect(client.lines.map(line => (JSON.parse(line) as { id: number }).id)).toEqual([2, 3, 5]);
  expect(readFileSync(log, 'utf8').split('\n').slice(0, -1)).toEqual([
    request(2, 'echo'),
    request(3, 'watched', { isLate: true }),
    request(4, 'silent'),
    cancel(4),
    request(5, 'echo'),
    request(6, 'later', { ms: 300 }),
    cancel(6),
  ]);
  client.end();
  await client.exited;
  const session = onlySession(await recordedBy(host, dir.path));
  expect(frameOf(session, 'fromClient', '"hold"')?.frame.verdicts).toMatchObject([{ stage: 'shim', kind: 'refused' }]);
  expect(frameOf(session, 'fromServer', '"id":6')?.frame.verdicts).toMatchObject([{ stage: 'shim', kind: 'refused' }]);
});

test('a session that ends with calls waiting gives back what the stages hold for them', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'closed' });
  await using client = startWrapped(dir.path, scriptedServer());
  client.write(`${request(1, 'silent')}\n${request(2, 'watched')}\n`);
  await answerTo(client, '2');
  client.write(`${request(3, 'hold')}\n`);
  await until(() => host.heard.includes('holding'), 'the hold');
  client.child.kill('SIGTERM');
  await client.exited;
  await until(() => host.heard.length >= 4, 'the stages to be told');
  expect(host.heard.toSorted()).toEqual(['ended complete', 'holding', 'left hold', 'left silent']);
});

test('lines longer than can be asked about are refused by name; an answer of 20 MB passes through a stage that watches it', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'open' });
  const log = join(dir.path, 'server.log');
  await using client = startWrapped(dir.path, scriptedServer('--log', log));
  const long = request(1, 'echo', { pad: 'x'.repeat(17 * 1024 * 1024) });
  client.write(`${long}\n`);
  client.write(`${request(2, 'big', { bytes: 20_000_000 })}\n`);
  const refused = await answerTo(client, '1');
  expect(JSON.parse(refused)).toMatchObject({ id: 1, error: { code: 41300, data: { limit_bytes: 16 * 1024 * 1024 } } });
  const big = await client.line(line => line.length > 20_000_000);
  expect((JSON.parse(big) as { result: { text: string } }).result.text.length).toBe(20_000_000);
  client.write(`${request(3, 'echo')}\n`);
  await answerTo(client, '3');
  expect(readFileSync(log, 'utf8')).toBe(`${request(2, 'big', { bytes: 20_000_000 })}\n${request(3, 'echo')}\n`);
  client.end();
  await client.exited;
  const session = onlySession(await recordedBy(host, dir.path));
  expect(frameOf(session, 'fromClient', '"id":1,')?.frame).toMatchObject({
    method: 'echo',
    flags: ['body-truncated'],
    sizeBytes: long.length,
  });
});

/** Like most servers that are not written for Node: it waits until its answer is taken before it reads on. */
const blockingServer = `
const { readSync, writeSync } = require('node:fs');
const room = Buffer.alloc(65536);
let line = '';
for (let count = readSync(0, room); count > 0; count = readSync(0, room)) {
  line += room.toString('latin1', 0, count);
  for (let end = line.indexOf('\\n'); end !== -1; end = line.indexOf('\\n')) {
    const answer = Buffer.from('{"jsonrpc":"2.0","id":' + JSON.parse(line.slice(0, end)).id + ',"result":{"text":"' + 'x'.repeat(1e6) + '"}}\\n');
    for (let done = 0; done < answer.length; ) done += writeSync(1, answer, done);
    line = line.slice(end + 1);
  }
}`;

test('a server that does not read while it writes is read all the same, however much waits for it', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'open-server' });
  await using client = startWrapped(dir.path, [process.execPath, '-e', blockingServer]);
  for (const [at, bytes] of [4e6, 12e6, 12e6].entries()) client.write(`${request(at + 1, 'hold', { text: 'x'.repeat(bytes) })}\n`);
  await until(() => host.heard.filter(one => one === 'holding').length === 3, 'the holds');
  host.tell({ release: true });
  await client.line(line => line.startsWith('{"jsonrpc":"2.0","id":3,'));
  expect(client.lines.map(line => (JSON.parse(line) as { id: number }).id)).toEqual([1, 2, 3]);
});
