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

test('what a server asks in one line with answers that are awaited is judged as if it stood alone', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'open-server' });
  await using client = startWrapped(dir.path, scriptedServer());
  for (const id of [1, 2]) client.write(`${request(id, 'silent')}\n`);
  const results = [1, 2].map(id => `{"jsonrpc":"2.0","id":${id},"result":{"of":${id}}}`);
  client.write(`${stray(3, `[${[...results, asks('q1', 'deny'), tells('deny'), asks('q2', 'fine')].join(',')}]`)}\n`);
  await answerTo(client, 3);
  expect(client.lines.filter(line => !line.includes('"id":3,'))).toEqual([...results, asks('q2', 'fine')]);
  client.end();
  await client.exited;
  const { frames } = onlySession(await recordedBy(host, dir.path));
  expect(frames.flatMap(({ frame }) => (frame.kind === 'batch' ? [frame.verdicts.map(({ id }) => id)] : []))).toEqual([
    ['no-deny', 'no-deny'],
  ]);
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
});
