/** What a wrapped server asks or tells by itself, where policies have a say in that: judged in its order, and refused where nobody is left to judge it. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  isGapless,
  onlySession,
  received,
  recordedBy,
  request,
  scriptedServer,
  startHost,
  startWrapped,
  tempDataDir,
  until,
  type StdioClient,
} from '../kit/stdio-shim.ts';

const asks = (id: string, method: string) => `{"jsonrpc":"2.0","id":"${id}","method":"${method}"}`;
const tells = (method: string) => `{"jsonrpc":"2.0","method":"notifications/${method}"}`;
const stray = (id: number, text: string) => request(id, 'stray', { text });
const answerTo = (client: StdioClient, id: number) => client.line(line => line.includes(`"id":${id},`));
const resultOf = (id: number) => `{"jsonrpc":"2.0","id":${id},"result":{"of":${id}}}`;
const denied = { code: 40300, data: { policy_id: 'no-deny', reason: 'Not here.', correlation_id: 'corr-0002' } };
/** The scripted server takes an error for a request, too, and answers it. */
const linesOf = (client: StdioClient) => client.lines.filter(line => !line.includes('"result":{}'));
/** What the server got back for a question of its own. */
const errorFor = (log: string, id: string) =>
  received(log).flatMap(line => (line.includes(`"id":"${id}","error"`) ? [JSON.parse(line) as object] : []));

test('a denied question goes back as an error with its own id, a denied notification is dropped, all else passes in order', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'open-server' });
  const log = join(dir.path, 'server.log');
  await using client = startWrapped(dir.path, scriptedServer('--log', log));
  const batch = `[${asks('b1', 'deny')},${tells('fine')}]`;
  const texts = [
    asks('q1', 'fine'),
    asks('q2', 'deny'),
    tells('deny'),
    'no message',
    tells('fine'),
    batch,
    asks('q3', 'throws'),
    asks('q4', 'fine'),
  ];
  for (const [at, text] of texts.entries()) client.write(`${stray(at + 1, text)}\n`);
  await answerTo(client, texts.length);
  expect(client.lines.filter(line => !line.includes('"result"'))).toEqual([
    asks('q1', 'fine'),
    'no message',
    tells('fine'),
    asks('q4', 'fine'),
  ]);
  await until(() => errorFor(log, 'q3')[0], 'the error');
  const error = { code: 40300, data: { policy_id: 'no-deny', reason: 'Not here.', correlation_id: 'corr-0002' } };
  expect(errorFor(log, 'q2')).toMatchObject([{ id: 'q2', error }]);
  expect(received(log).find(line => line.startsWith('['))).toMatch(/^\[{"jsonrpc":"2.0","id":"b1","error":.*}]$/);
  expect(errorFor(log, 'q3')).toMatchObject([{ error: { code: 50000 } }]);
  client.end();
  await client.exited;

  const session = onlySession(await recordedBy(host, dir.path));
  expect(isGapless(session)).toBe(true);
  // The scripted server takes the answer for a request, too, and answers it.
  const ofQuestion = session.frames.filter(({ frame }) => frame.idText === '"q2"' && frame.kind !== 'result').map(({ frame }) => frame);
  expect(ofQuestion.map(({ direction, kind, flags, verdicts }) => [direction, kind, flags, verdicts.map(({ id }) => id)])).toEqual([
    ['fromServer', 'request', [], ['no-deny']],
    ['fromClient', 'error', ['own-error', 'refused'], []],
  ]);
});

test('what a server asks in one line with answers that are awaited is judged, and answered, as if it stood alone', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'open-server' });
  const log = join(dir.path, 'server.log');
  await using client = startWrapped(dir.path, scriptedServer('--log', log));
  for (const id of [1, 2]) client.write(`${request(id, 'silent')}\n`);
  const results = [1, 2].map(resultOf);
  const own = [asks('q1', 'deny'), tells('deny'), asks('q2', 'fine'), asks('q3', 'throws')];
  client.write(`${stray(3, `[${[...results, ...own].join(',')}]`)}\n`);
  await answerTo(client, 3);
  expect(linesOf(client).filter(line => !line.includes('"id":3,'))).toEqual([...results, asks('q2', 'fine')]);
  await until(() => errorFor(log, 'q3')[0], 'the error');
  expect(errorFor(log, 'q1')).toMatchObject([{ id: 'q1', error: denied }]);
  expect(errorFor(log, 'q3')).toMatchObject([{ id: 'q3', error: { code: 50000 } }]);
  client.end();
  await client.exited;
  const { frames } = onlySession(await recordedBy(host, dir.path));
  expect(frames.flatMap(({ frame }) => (frame.kind === 'batch' ? [frame.verdicts.map(({ id }) => id)] : []))).toEqual([
    ['no-deny', 'no-deny'],
  ]);
  const own1 = frames.filter(({ frame }) => frame.direction === 'fromClient' && frame.idText === '"q1"');
  expect(own1.map(({ frame }) => [frame.kind, frame.flags])).toEqual([['error', ['own-error', 'refused']]]);
});

test('what stands among the first answers to a batch goes on before the rest of them is there', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'open-server' });
  const log = join(dir.path, 'server.log');
  await using client = startWrapped(dir.path, scriptedServer('--log', log));
  const silent = (id: number) => `{"jsonrpc":"2.0","id":${id},"method":"silent","params":{"isSplit":true}}`;
  client.write(`[${silent(1)},${silent(2)}]\n`);
  await until(() => received(log)[0], 'the batch at the server');
  client.write(`${stray(3, `[${[resultOf(1), asks('q1', 'deny'), tells('deny'), asks('q2', 'fine'), tells('fine')].join(',')}]`)}\n`);
  await client.line(line => line === tells('fine'));
  await until(() => errorFor(log, 'q1')[0], 'the error');
  await answerTo(client, 3);
  client.write(`${stray(4, `[${[asks('q3', 'deny'), asks('q4', 'fine'), resultOf(2)].join(',')}]`)}\n`);
  await answerTo(client, 4);
  await until(() => errorFor(log, 'q3')[0], 'the error');
  const others = linesOf(client).filter(line => !/"id":[34],/.test(line));
  expect(others).toEqual([asks('q2', 'fine'), tells('fine'), asks('q4', 'fine'), `[${resultOf(1)},${resultOf(2)}]`]);
  for (const id of ['q1', 'q3']) expect(errorFor(log, id)).toMatchObject([{ id, error: denied }]);
  client.end();
  await client.exited;
  expect(isGapless(onlySession(await recordedBy(host, dir.path)))).toBe(true);
});

test('an answer to what the client has called off goes no further, also in one line with others', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'open-server' });
  const log = join(dir.path, 'server.log');
  await using client = startWrapped(dir.path, scriptedServer('--log', log));
  for (const id of [1, 2]) client.write(`${request(id, 'silent')}\n`);
  await until(() => received(log).length === 2, 'both at the server');
  client.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}\n');
  await until(() => received(log).length === 3, 'the cancellation at the server');
  client.write(`${stray(3, `[${resultOf(1)},${asks('q1', 'fine')},${resultOf(2)}]`)}\n`);
  await answerTo(client, 3);
  expect(client.lines.filter(line => !line.includes('"id":3,'))).toEqual([asks('q1', 'fine'), resultOf(2)]);
  client.end();
  await client.exited;
  const { frames } = onlySession(await recordedBy(host, dir.path));
  const reasons = frames.flatMap(({ frame }) => (frame.kind === 'batch' ? frame.verdicts.map(({ reason }) => reason) : []));
  expect(reasons).toEqual(['the client has cancelled the request before']);
});

describe.each(['closed-server', 'open-server'] as const)('%s', plan => {
  const isClosed = plan === 'closed-server';

  test('the host is lost before and while a question is judged', async () => {
    using dir = tempDataDir();
    const host = await startHost(dir.path, { plan });
    const log = join(dir.path, 'server.log');
    await using client = startWrapped(dir.path, scriptedServer('--log', log));
    for (const [at, text] of [asks('asked', 'fine'), tells('asked')].entries())
      client.write(`${request(at + 1, 'stray-later', { ms: 300, text })}\n`);
    client.write(`${request(3, 'stray-later', { ms: 900, text: asks('after', 'fine') })}\n`);
    await answerTo(client, 3);
    // Stopped, so that it does not answer, and lost half a second later.
    process.kill(host.pid, 'SIGSTOP');
    await new Promise(resolve => setTimeout(resolve, 500));
    expect(client.lines.filter(line => line.includes('asked'))).toEqual([]);
    await host.kill('SIGKILL');
    if (isClosed) {
      await until(() => errorFor(log, 'after')[0], 'the error');
      for (const id of ['asked', 'after'])
        expect(errorFor(log, id)).toMatchObject([{ id, error: { code: 50300, data: { reason: 'UNAVAILABLE', state: 'host-lost' } } }]);
      expect(client.lines.filter(line => !line.includes('"result"'))).toEqual([]);
    } else {
      await client.line(line => line === asks('after', 'fine'));
      expect(client.lines.filter(line => !line.includes('"result"'))).toEqual([
        asks('asked', 'fine'),
        tells('asked'),
        asks('after', 'fine'),
      ]);
      expect(errorFor(log, 'asked')).toEqual([]);
    }
  });

  test('the host is lost before a question comes in one line with answers', async () => {
    using dir = tempDataDir();
    const host = await startHost(dir.path, { plan });
    const log = join(dir.path, 'server.log');
    await using client = startWrapped(dir.path, scriptedServer('--log', log));
    client.write(`${request(1, 'silent')}\n`);
    const line = `[${resultOf(1)},${asks('late', 'fine')}]`;
    client.write(`${request(2, 'stray-later', { ms: 1000, text: line })}\n`);
    await answerTo(client, 2);
    await host.kill('SIGKILL');
    if (isClosed) {
      await until(() => errorFor(log, 'late')[0] ?? received(log).find(text => text.startsWith('[')), 'the error');
      expect(received(log).find(text => text.includes('"late"'))).toContain('"code":50300');
      const answer = await client.line(text => text.startsWith('['));
      expect(JSON.parse(answer)).toMatchObject([{ id: 1, error: { code: 50300 } }]);
    } else expect(await client.line(text => text.startsWith('['))).toBe(line);
  });
});
