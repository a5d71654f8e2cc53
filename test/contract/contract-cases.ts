/**
 * The contract, as sentences that hold over every wire. Neither vitest nor Playwright is named here, so that one list
 * runs in the process, over the WebSocket, and in the desktop window.
 */
import assert from 'node:assert/strict';
import { calls } from '../../src/shared/contract/calls.ts';
import { topics, type TopicName } from '../../src/shared/contract/topics.ts';
import { defaultPreferences } from '../../src/shared/model/preferences.ts';
import type { SessionSummary } from '../../src/shared/model/session.ts';
import type { TimelineSpec } from '../../src/shared/model/timeline.ts';
import { answeredCalls, Client, eventually, type Subject, withClient } from './wire-under-test.ts';

export interface ContractCase {
  readonly title: string;
  /** What a wire must offer for the case to make sense on it. */
  readonly needs?: 'administrator' | 'flow';
  run(subject: Subject): Promise<void>;
}

const everything: TimelineSpec = {
  mode: 'exchanges',
  filter: '',
  scope: {},
  requestsOnly: false,
  sort: { column: 'id', descending: false },
};

/** Sends one MCP request to a listener as a modern client would. */
async function ask(url: string, method: string, params: Record<string, unknown> = {}, padding = ''): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof params['name'] === 'string' ? { 'mcp-name': params['name'] } : {}),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method,
      params: {
        ...params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
          'io.modelcontextprotocol/clientInfo': { name: 'contract-suite', version: '1' },
        },
        ...(padding === '' ? {} : { padding }),
      },
    }),
  });
  await response.text();
}

/** Records a session of its own through a listener: three requests, one of them an error of the protocol. */
async function recordSession(client: Client, subject: Subject, name: string): Promise<SessionSummary> {
  const listener = await client.call('listener.open', { upstream: subject.upstreamUrl, port: 0, name });
  await ask(listener.url, 'tools/list');
  await ask(listener.url, 'tools/call', { name: 'tide_table', arguments: { harbour: 'Brest', date: '2026-11-22', password: 'hunter2' } });
  await ask(listener.url, 'harbour/close');
  let found: SessionSummary | undefined;
  await eventually('the session is listed with all its frames', async () => {
    const { sessions } = await client.call('session.list', { search: '' });
    found = sessions.find(session => session.serverName.includes(name) || session.upstream === listener.upstream);
    return found !== undefined && found.frameCount >= 6 && found.pendingCount === 0;
  });
  await client.call('listener.close', { id: listener.id });
  return found as SessionSummary;
}

export const contractCases: readonly ContractCase[] = [
  {
    title: 'a host tells what it is and how it is',
    run: subject =>
      withClient(subject, async client => {
        const info = await client.call('host.info', {});
        assert.equal(info.contractVersion, 1);
        assert.ok(info.listeners.some(({ kind }) => kind === 'hub'));
        assert.match(info.wrapCommand, /shim/);
        const { checks } = await client.call('host.doctor', {});
        assert.deepEqual(
          checks.filter(({ state }) => state === 'fail'),
          [],
        );
      }),
  },
  {
    title: 'a window may neither stop the host, nor mint addresses, nor raise windows',
    run: subject =>
      withClient(subject, async client => {
        assert.equal(await client.refusal('host.stop', {}), 'NOT_ALLOWED');
        assert.equal(await client.refusal('host.uiUrl', {}), 'NOT_ALLOWED');
        assert.equal(await client.refusal('host.showWindow', {}), 'NOT_ALLOWED');
      }),
  },
  {
    title: 'unknown calls and input outside the schema are refused, call by call, and the connection lives on',
    run: subject =>
      withClient(subject, async client => {
        for (const name of ['nope', '__proto__', 'constructor', 'toString', '']) assert.equal(await client.refusal(name, {}), 'BAD_CALL');
        for (const name of Object.keys(calls)) {
          for (const bad of ['text', 7, [], true])
            assert.equal(await client.refusal(name, bad), 'BAD_CALL', `${name} took ${JSON.stringify(bad)}`);
        }
        for (const [name, inputs] of Object.entries(badInputs)) {
          for (const bad of inputs) assert.equal(await client.refusal(name, bad), 'BAD_CALL', `${name} took ${JSON.stringify(bad)}`);
        }
        await client.call('host.info', {});
      }),
  },
  {
    title: 'what does not exist is not found',
    run: subject =>
      withClient(subject, async client => {
        const missing: readonly [string, unknown][] = [
          ['session.get', { id: 'no-such' }],
          ['session.rename', { id: 'no-such', name: 'x' }],
          ['session.delete', { ids: ['no-such'] }],
          ['session.frames', { id: 'no-such' }],
          ['exchange.get', { id: 987_654_321 }],
          ['exchange.find', { exchangeId: 'no-such/1' }],
          ['frame.body', { sessionId: 'no-such', seq: 1 }],
          ['listener.close', { id: 'no-such' }],
          ['timeline.close', { viewId: 'no-such' }],
          ['timeline.rows', { viewId: 'no-such', from: 0, count: 1 }],
          ['timeline.indexOf', { viewId: 'no-such', id: 1 }],
          ['timeline.find', { viewId: 'no-such', from: 0, backwards: false, what: 'error' }],
        ];
        for (const [name, input] of missing) assert.equal(await client.refusal(name, input), 'NOT_FOUND', name);
      }),
  },
  {
    title: 'a session can be listed, read to its bodies, renamed, deleted and brought back',
    run: subject =>
      withClient(subject, async client => {
        const { id } = await recordSession(client, subject, 'reading');
        assert.equal((await client.call('session.get', { id })).transport, 'streamable-http');
        assert.equal((await client.call('session.rename', { id, name: '  high water  ' })).name, 'high water');

        const first = await client.call('session.frames', { id, limit: 2 });
        assert.deepEqual([first.frames.map(({ seq }) => seq), first.hasMore], [[1, 2], true]);
        const rest = await client.call('session.frames', { id, afterSeq: 2 });
        assert.equal(rest.hasMore, false);
        const frames = [...first.frames, ...rest.frames];
        assert.deepEqual(
          frames.map(({ seq }) => seq),
          frames.map((_, at) => at + 1),
        );

        const call = frames.find(({ target }) => target === 'tide_table');
        assert.ok(call !== undefined);
        const masked = await client.call('frame.body', { sessionId: id, seq: call.seq });
        assert.equal(masked.encoding, 'utf8');
        assert.ok(!masked.text.includes('hunter2') && masked.maskedCount > 0);
        const revealed = await client.call('frame.body', { sessionId: id, seq: call.seq, reveal: true });
        assert.equal((JSON.parse(revealed.text) as { params: { arguments: { password: string } } }).params.arguments.password, 'hunter2');
        const slice = await client.call('frame.body', { sessionId: id, seq: call.seq, offset: 2, length: 7, reveal: true });
        assert.equal(slice.text, revealed.text.slice(2, 9));

        await client.call('session.delete', { ids: [id] });
        assert.equal(await client.refusal('session.get', { id }), 'NOT_FOUND');
        await client.call('session.restore', { ids: [id] });
        assert.equal((await client.call('session.get', { id })).name, 'high water');
      }),
  },
  {
    title: 'what comes after a live HTTP session was deleted is a session of its own, not lost with it',
    run: subject =>
      withClient(subject, async client => {
        const listener = await client.call('listener.open', { upstream: subject.upstreamUrl, port: 0, name: 'deleted' });
        const listed = async () => {
          await ask(listener.url, 'tools/list');
          let ids: readonly string[] = [];
          await eventually('a session of the listener is listed', async () => {
            const { sessions } = await client.call('session.list', { search: 'deleted' });
            ids = sessions.map(({ id }) => id);
            return ids.length > 0;
          });
          return ids;
        };
        const [first] = await listed();
        await client.call('session.delete', { ids: [first ?? ''] });
        const [second] = await listed();
        assert.notEqual(second, first);
        await client.call('listener.close', { id: listener.id });
      }),
  },
  {
    title: 'a view holds rows in order, finds errors, and opens their detail',
    run: subject =>
      withClient(subject, async client => {
        const { id } = await recordSession(client, subject, 'viewing');
        const { viewId } = await client.call('timeline.open', { ...everything, requestsOnly: true, scope: { sessionIds: [id] } });
        const state = client.follow('timeline', { viewId });
        await state.until('three rows', ({ matched, progress }) => matched === 3 && progress === 1);
        const { rows } = await client.call('timeline.rows', { viewId, from: 0, count: 10 });
        const exchanges = rows.flatMap(row => (row.row === 'exchange' ? [row.exchange] : []));
        assert.deepEqual(
          exchanges.map(({ method, status }) => [method, status]),
          [
            ['tools/list', 'ok'],
            ['tools/call', 'ok'],
            ['harbour/close', 'error'],
          ],
        );
        const failed = exchanges[2];
        assert.ok(failed !== undefined);
        assert.equal((await client.call('timeline.indexOf', { viewId, id: failed.id })).index, 2);
        assert.equal((await client.call('timeline.indexOf', { viewId, id: 987_654_321 })).index, -1);
        assert.equal((await client.call('timeline.find', { viewId, from: 0, backwards: false, what: 'error' })).index, 2);
        assert.equal((await client.call('timeline.find', { viewId, from: 2, backwards: true, what: 'error' })).index, -1);
        const detail = await client.call('exchange.get', { id: failed.id });
        assert.equal((await client.call('exchange.find', { exchangeId: failed.exchangeId })).id, failed.id);
        assert.deepEqual([detail.exchange.errorCode, detail.session.id, detail.frames.length >= 2], [-32601, id, true]);
        await client.call('timeline.close', { viewId });
        assert.equal(await client.refusal('timeline.rows', { viewId, from: 0, count: 1 }), 'NOT_FOUND');
      }),
  },
  {
    title: 'a view tells of rows that come while it is open',
    run: subject =>
      withClient(subject, async client => {
        const listener = await client.call('listener.open', { upstream: subject.upstreamUrl, port: 0, name: 'live' });
        await ask(listener.url, 'tools/list');
        const { viewId, state: opened } = await client.call('timeline.open', { ...everything, filter: 'method:tools/list' });
        const state = client.follow('timeline', { viewId });
        await state.until('a snapshot', () => true);
        for (let count = 0; count < 5; count += 1) await ask(listener.url, 'tools/list');
        const last = await state.until('five more rows', ({ matched }) => matched >= opened.matched + 5);
        assert.ok(last.revision > opened.revision);
      }),
  },
  {
    title: 'a filter is read into a sentence or to the place where it is wrong, and refuses to open when wrong',
    run: subject =>
      withClient(subject, async client => {
        const good = await client.call('filter.read', { text: 'method:tools/call dur:>500ms' });
        assert.ok(good.kind === 'ok' && good.sentence.length > 0);
        const bad = await client.call('filter.read', { text: 'method:tools/call dur:>soon' });
        assert.ok(bad.kind === 'error' && bad.start > 0 && bad.message.length > 0);
        assert.equal(await client.refusal('timeline.open', { ...everything, filter: 'dur:>soon' }), 'BAD_CALL');
        await recordSession(client, subject, 'completing');
        const { values } = await client.call('filter.values', { key: 'method', prefix: 'tools/' });
        assert.ok(values.includes('tools/list'));
      }),
  },
  {
    title: 'a connection opens at most sixteen views and gets room by closing one',
    run: subject =>
      withClient(subject, async client => {
        const opened = [];
        for (let count = 0; count < 16; count += 1) opened.push(await client.call('timeline.open', everything));
        assert.equal(await client.refusal('timeline.open', everything), 'BAD_CALL');
        await client.call('timeline.close', { viewId: opened[0]?.viewId ?? '' });
        await client.call('timeline.open', everything);
      }),
  },
  {
    title: "nobody reads or follows another connection's view",
    run: subject =>
      withClient(subject, owner =>
        withClient(subject, async other => {
          const { viewId } = await owner.call('timeline.open', everything);
          assert.equal(await other.refusal('timeline.rows', { viewId, from: 0, count: 1 }), 'NOT_FOUND');
          assert.equal(await other.refusal('timeline.close', { viewId }), 'NOT_FOUND');
          const following = other.follow('timeline', { viewId });
          await eventually('the topic is refused', () => following.closedWith !== undefined);
          assert.equal(following.closedWith, 'NOT_FOUND');
          await owner.call('timeline.rows', { viewId, from: 0, count: 1 });
        }),
      ),
  },
  {
    title: 'every topic begins with its whole state and counts its messages without gaps',
    run: subject =>
      withClient(subject, async client => {
        const { viewId } = await client.call('timeline.open', everything);
        const names: readonly TopicName[] = ['sources', 'sessions', 'status', 'preferences'];
        const followings = [client.follow('timeline', { viewId }), ...names.map(name => client.follow(name, {}))];
        // Those of the gateway change with its traffic, which this case has none of.
        const quiet = (['gateway', 'upstreams', 'limits'] as const).map(name => client.follow<TopicName>(name, {}));
        assert.equal(followings.length + quiet.length, Object.keys(topics).length);
        for (const following of [...followings, ...quiet]) await following.until('a snapshot', () => true);
        await recordSession(client, subject, 'counting');
        await client.call('preferences.set', { timeFormat: 'relative' });
        for (const following of followings) await following.until('a change after the snapshot', () => following.messages.length > 1);
      }),
  },
  {
    title: 'a topic that does not exist, or is asked for wrongly, is closed with a reason',
    run: subject =>
      withClient(subject, async client => {
        for (const [topic, params] of [
          ['nope', {}],
          ['__proto__', {}],
          ['timeline', {}],
          ['timeline', { viewId: 7 }],
          ['status', 'text'],
        ] as const) {
          const following = client.follow(topic as TopicName, params as never);
          await eventually(`${topic} is refused`, () => following.closedWith !== undefined);
          assert.equal(following.closedWith, 'BAD_CALL');
        }
      }),
  },
  {
    title: 'unsubscribing ends one subscription and leaves another of the same topic',
    run: subject =>
      withClient(subject, async client => {
        const [one, other] = [client.follow('preferences', {}), client.follow('preferences', {})];
        await one.until('a snapshot', () => true);
        await other.until('a snapshot', () => true);
        one.stop();
        await client.call('preferences.set', { density: 'comfortable' });
        await other.until('the change', ({ density }) => density === 'comfortable');
        assert.equal(one.messages.length, 1);
        await client.call('preferences.set', { density: 'compact' });
      }),
  },
  {
    title: 'preferences are one for all windows; a wrong value changes nothing',
    run: subject =>
      withClient(subject, one =>
        withClient(subject, async other => {
          const heard = other.follow('preferences', {});
          await one.call('preferences.set', { theme: 'dark' });
          await heard.until('the change', ({ theme }) => theme === 'dark');
          assert.equal(await one.refusal('preferences.set', { theme: 'pink' }), 'BAD_CALL');
          assert.equal((await other.call('preferences.get', {})).theme, 'dark');
          await one.call('preferences.set', defaultPreferences);
        }),
      ),
  },
  {
    title: 'recording can be switched off and on, and status says so',
    run: subject =>
      withClient(subject, async client => {
        const status = client.follow('status', {});
        assert.equal((await client.call('recording.set', { isOn: false })).isOn, false);
        await status.until('recording is off', ({ recording }) => !recording.isOn);
        const listener = await client.call('listener.open', { upstream: subject.upstreamUrl, port: 0, name: 'unrecorded' });
        await ask(listener.url, 'tools/list');
        assert.equal((await client.call('recording.set', { isOn: true })).isOn, true);
        await status.until('recording is on', ({ recording }) => recording.isOn);
        const { sessions } = await client.call('session.list', { search: '' });
        assert.equal(sessions.filter(({ serverName, frameCount }) => serverName.includes('unrecorded') && frameCount > 0).length, 0);
      }),
  },
  {
    title: 'a listener belongs to its connection and closes with it',
    async run(subject) {
      const connection = await subject.connect();
      const client = new Client(connection);
      const listener = await client.call('listener.open', { upstream: subject.upstreamUrl, port: 0, name: 'owned' });
      await ask(listener.url, 'tools/list');
      await connection.close();
      await eventually('nothing listens there any more', () =>
        fetch(listener.url, { method: 'POST' }).then(
          () => false,
          () => true,
        ),
      );
      await withClient(subject, async other => {
        const { listeners } = await other.call('host.info', {});
        assert.ok(!listeners.some(({ id }) => id === listener.id));
      });
    },
  },
  {
    title: 'a named port that is taken is a conflict, and an upstream that is no web address a bad request',
    run: subject =>
      withClient(subject, async client => {
        const { url } = await client.call('listener.open', { upstream: subject.upstreamUrl, port: 0 });
        const port = Number(new URL(url).port);
        assert.equal(await client.refusal('listener.open', { upstream: subject.upstreamUrl, port }), 'CONFLICT');
        assert.equal(await client.refusal('listener.open', { upstream: 'ftp://127.0.0.1/x' }), 'BAD_REQUEST');
      }),
  },
  {
    title: 'a proxy of a proxy of itself is refused, by whatever local name',
    run: subject =>
      withClient(subject, async client => {
        const first = await client.call('listener.open', { upstream: subject.upstreamUrl, port: 0 });
        // One that nobody listens on; it is refused before that is tried.
        const own = Number(new URL(first.url).port) + 1000;
        for (const host of ['127.0.0.1', 'localhost', '[::1]'])
          assert.equal(await client.refusal('listener.open', { upstream: `http://${host}:${own}/mcp`, port: own }), 'BAD_CALL');
        const second = await client.call('listener.open', { upstream: `http://127.0.0.1:${own}/`, port: 0 });
        const { port } = new URL(second.url);
        assert.equal(await client.refusal('listener.open', { upstream: `http://localhost:${port}/`, port: own }), 'BAD_CALL');
      }),
  },
  {
    title: 'the sample plays through the shim and a listener, one at a time, and can be stopped',
    run: subject =>
      withClient(subject, async client => {
        const status = client.follow('status', {});
        const playing = client.call('sample.play', {});
        await status.until('the sample runs', ({ sample }) => sample.isRunning && sample.done > 0);
        assert.equal(await client.refusal('sample.play', {}), 'CONFLICT');
        const { sessionIds } = await playing;
        const sessions = await Promise.all(sessionIds.map(id => client.call('session.get', { id })));
        assert.deepEqual(sessions.map(({ transport }) => transport).toSorted(), ['stdio', 'streamable-http']);
        const wrapped = sessions.find(({ transport }) => transport === 'stdio');
        const { frames } = await client.call('session.frames', { id: wrapped?.id ?? '' });
        const kinds = new Set(frames.map(({ kind }) => kind));
        for (const kind of ['request', 'result', 'error', 'notification', 'stderr', 'stdout', 'lifecycle'] as const)
          assert.ok(kinds.has(kind), kind);

        const stopped = client.refusal('sample.play', {});
        await status.until('it runs again', ({ sample }) => sample.isRunning);
        await client.call('sample.stop', {});
        assert.equal(await stopped, 'CANCELLED');
      }),
  },
  {
    title: 'a slow reader gets the newest state in place of what it missed, without a gap',
    needs: 'flow',
    run: subject =>
      withClient(subject, slow =>
        withClient(subject, async quick => {
          // Something heavy to fill the wire with: one recorded body of nearly 1 MiB.
          const listener = await quick.call('listener.open', { upstream: subject.upstreamUrl, port: 0, name: 'heavy' });
          await ask(listener.url, 'tools/list', {}, 'x'.repeat(1000 * 1024));
          let heavy: { id: string; seq: number } | undefined;
          await eventually('the heavy frame is recorded', async () => {
            const { sessions } = await quick.call('session.list', { search: '' });
            for (const { id } of sessions.filter(({ sizeBytes }) => sizeBytes > 900 * 1024)) {
              const { frames } = await quick.call('session.frames', { id });
              const frame = frames.find(({ storedBytes }) => storedBytes > 900 * 1024);
              if (frame !== undefined) heavy = { id, seq: frame.seq };
            }
            return heavy !== undefined;
          });
          const following = slow.follow('preferences', {});
          await following.until('a snapshot', () => true);

          const { flow } = slow.connection;
          flow?.pause();
          const { id = '', seq = 0 } = heavy ?? {};
          const bodies = Array.from({ length: 24 }, () => slow.call('frame.body', { sessionId: id, seq, length: 4 * 1024 * 1024 }));
          // The wire is full once nothing more gets through to a reader that does not read; the host must not care.
          await new Promise(resolve => setTimeout(resolve, 500));
          const setWidth = (width: number) => quick.call('preferences.set', { columns: [{ id: 'method', width }] });
          await Promise.all(Array.from({ length: 199 }, (_, at) => setWidth(100 + at)));
          await setWidth(299);
          flow?.resume();
          await Promise.all(bodies);
          await following.until('the newest value', ({ columns }) => columns[0]?.width === 299);
          assert.ok(following.messages.length < 100, `${following.messages.length} messages were queued for a reader that did not read`);
          await quick.call('preferences.set', defaultPreferences);
        }),
      ),
  },
  {
    title: 'the command line may ask for a fresh address of the window',
    needs: 'administrator',
    async run(subject) {
      const connection = await subject.connectAdministrator?.();
      assert.ok(connection !== undefined);
      const client = new Client(connection);
      const [one, other] = [await client.call('host.uiUrl', {}), await client.call('host.uiUrl', {})];
      assert.match(one.url, /^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/);
      assert.notEqual(one.url, other.url);
      assert.equal(await client.refusal('host.showWindow', {}), 'NOT_FOUND', 'a headless host has no window of its own');
      await connection.close();
    },
  },
  {
    title: 'the command line may stop the host, which answers first',
    needs: 'administrator',
    async run(subject) {
      const connection = await subject.connectAdministrator?.();
      assert.ok(connection !== undefined);
      await new Client(connection).call('host.stop', {});
      await subject.stopRequested;
      await connection.close();
    },
  },
];

/** To be run last: which calls no case of this list got an answer from. */
export function callsNeverAnswered(has: { readonly administrator: boolean }): string[] {
  // Only the desktop host raises a window, and only for the command line: `desktop-host.flow.test.ts` asks it to.
  const expected = Object.keys(calls)
    // A sign-in needs somebody to sign in with, an approval a server that changes its tools; flow tests of the gateway have them.
    // A file is loaded by the command `gateway`.
    .filter(name => !['host.showWindow', 'signIn.begin', 'pin.approve', 'gateway.load'].includes(name))
    .filter(name => has.administrator || (name !== 'host.stop' && name !== 'host.uiUrl'));
  return expected.filter(name => !answeredCalls.has(name));
}

/** Input that is an object and still wrong. */
const badInputs: Readonly<Record<string, readonly unknown[]>> = {
  'session.list': [
    { search: 7 },
    { search: '', limit: 0 },
    { search: '', limit: 1001 },
    { search: '', sort: 'colour' },
    { search: '', offset: -1 },
    {},
  ],
  'session.get': [{}, { id: '' }, { id: 7 }, { id: 'x'.repeat(101) }],
  'session.rename': [{ id: 'x' }, { id: 'x', name: 7 }, { id: 'x', name: 'y'.repeat(201) }],
  'session.delete': [{}, { ids: [] }, { ids: [''] }, { ids: Array.from({ length: 1001 }, (_, at) => `s${at}`) }],
  'session.restore': [{}, { ids: [] }, { ids: 'x' }],
  'session.frames': [
    { id: 'x', limit: 0 },
    { id: 'x', limit: 2001 },
    { id: 'x', afterSeq: -1 },
    { id: 'x', afterSeq: 1.5 },
  ],
  'timeline.open': [
    {},
    { ...everything, mode: 'pages' },
    { ...everything, filter: 'x'.repeat(4001) },
    { ...everything, sort: { column: 'colour', descending: false } },
  ],
  'timeline.close': [{}, { viewId: '' }],
  'timeline.rows': [
    { viewId: 'x', from: 0, count: 501 },
    { viewId: 'x', from: -1, count: 1 },
    { viewId: 'x', from: 0, count: 0 },
  ],
  'timeline.indexOf': [{ viewId: 'x' }, { viewId: 'x', id: '1' }],
  'timeline.find': [
    { viewId: 'x', from: 0, backwards: false, what: 'joy' },
    { viewId: 'x', from: 0, what: 'error' },
  ],
  'secret.set': [{ name: 'x' }, { name: '', value: 'v' }, { name: '../x', value: 'v' }, { name: 'x', value: '' }, { name: 'x', value: 7 }],
  'secret.delete': [{}, { name: '__proto__' }, { name: 'x'.repeat(65) }],
  'exchange.get': [{}, { id: '1' }, { id: 1.5 }],
  'exchange.find': [{}, { exchangeId: '' }, { exchangeId: 'x'.repeat(201) }],
  'frame.body': [
    { sessionId: 'x' },
    { sessionId: 'x', seq: 1, length: 0 },
    { sessionId: 'x', seq: 1, length: 4 * 1024 * 1024 + 1 },
    { sessionId: 'x', seq: 1, version: 'dreamt' },
  ],
  'filter.read': [{}, { text: 'x'.repeat(4001) }],
  'filter.values': [{ key: 'method' }, { key: 'k'.repeat(41), prefix: '' }],
  'recording.set': [{}, { isOn: 'yes' }],
  'listener.open': [
    {},
    { upstream: 'not a url' },
    { upstream: 'http://127.0.0.1:1', port: 65_536 },
    { upstream: 'http://127.0.0.1:1', port: 1.5 },
  ],
  'listener.close': [{}, { id: 7 }],
  'preferences.set': [{ theme: 'pink' }, { columns: [{ id: 'x', width: 5 }] }, { savedFilters: [{ name: 'n' }] }],
};
