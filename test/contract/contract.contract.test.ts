/** The one contract suite, in the process and over the headless host's WebSocket. `desktop.contract.test.ts` runs the same cases in windows. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { readHostFile } from '../../src/main/headless/host-file.ts';
import { programFiles } from '../../src/main/headless/program-files.ts';
import { startHost, type Host } from '../../src/main/headless/start-host.ts';
import { componentLogs } from '../../src/main/headless/component-logs.ts';
import { systemClock } from '../../src/main/ports.ts';
import type { HostMessage } from '../../src/shared/contract/wire.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { callsNeverAnswered, contractCases } from './contract-cases.ts';
import { gatewayCases } from './gateway-cases.ts';
import { sampleUpstream } from './sample-upstream.ts';
import { answeredCalls, bridgeOver, type Connection, type Subject } from './wire-under-test.ts';

const root = join(import.meta.dirname, '../..');

interface Running {
  readonly host: Host;
  readonly home: ScratchHome;
  readonly upstreamUrl: string;
  readonly stopRequested: Promise<void>;
  stop(): Promise<void>;
}

/** A real host on a directory of its own, and a real server to put listeners before. */
async function startAll(): Promise<Running> {
  const home = await scratchHome();
  const stop = Promise.withResolvers<void>();
  const built = join(root, 'out/main/cli.js');
  const program = {
    ...programFiles(join(root, 'src/main/cli.ts')),
    ...(existsSync(built) ? { shim: join(root, 'out/main/shim.js') } : {}),
  };
  const started = await startHost({
    kind: 'headless',
    dataDir: join(home.path, 'data'),
    program,
    logs: componentLogs({ level: 'silent', clock: systemClock, write: () => undefined }),
    port: { number: 0, isFixed: false },
    rendererDir: program.rendererDir,
    onStopRequested: stop.resolve,
  });
  if (started.kind !== 'started') throw new Error(`The host did not start: ${started.kind}`);
  const upstream = await sampleUpstream(program.sampleHttpServer);
  return {
    host: started.host,
    home,
    upstreamUrl: upstream.url,
    stopRequested: stop.promise,
    async stop() {
      await started.host.stop();
      await upstream.stop();
      await home[Symbol.asyncDispose]();
    },
  };
}

/** Straight into the api, as the desktop's menu and the tests do; still as JSON, which is what the contract promises. */
function inProcess({ host }: Running, canAdminister: boolean): Connection {
  const waiting: HostMessage[] = [];
  let isPaused = false;
  const connection = host.engine.api.connect({
    canAdminister,
    send(message) {
      const copy = JSON.parse(JSON.stringify(message)) as HostMessage;
      if (isPaused) waiting.push(copy);
      else queueMicrotask(() => bridge.receive(copy));
      return !isPaused;
    },
  });
  const bridge = bridgeOver(message => connection.receive(JSON.parse(JSON.stringify(message))));
  return {
    call: bridge.call,
    subscribe: bridge.subscribe,
    close: () => Promise.resolve(connection.close()),
    flow: {
      pause: () => (isPaused = true),
      resume() {
        isPaused = false;
        for (const message of waiting.splice(0)) bridge.receive(message);
        connection.drained();
      },
    },
  };
}

async function overSocket(url: string, headers: Record<string, string>): Promise<Connection> {
  const socket = new WebSocket(url, { headers, maxPayload: 64 * 1024 * 1024 });
  await once(socket, 'open');
  const bridge = bridgeOver(message => socket.send(JSON.stringify(message)));
  socket.on('message', data => bridge.receive(JSON.parse(String(data as Buffer)) as HostMessage));
  return {
    call: bridge.call,
    subscribe: bridge.subscribe,
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
    flow: { pause: () => socket.pause(), resume: () => socket.resume() },
  };
}

/** Signs in as a browser does: the token of the address becomes a cookie. */
async function asWindow({ host }: Running): Promise<Connection> {
  const address = new URL(host.freshUiUrl() ?? '');
  const signedIn = await fetch(new URL('/auth', address), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: address.origin },
    body: JSON.stringify({ token: address.hash.slice('#token='.length) }),
  });
  expect(signedIn.status).toBe(204);
  const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return overSocket(host.apiUrl, { cookie, origin: address.origin });
}

const wires: Readonly<Record<string, (running: Running) => Subject>> = {
  'in the process': running => ({
    connect: () => Promise.resolve(inProcess(running, false)),
    connectAdministrator: () => Promise.resolve(inProcess(running, true)),
    stopRequested: running.stopRequested,
    upstreamUrl: running.upstreamUrl,
  }),
  'over the WebSocket': running => ({
    connect: () => asWindow(running),
    connectAdministrator: () =>
      overSocket(running.host.apiUrl, { authorization: `Bearer ${readHostFile(running.host.dataDir)?.secret ?? ''}` }),
    stopRequested: running.stopRequested,
    upstreamUrl: running.upstreamUrl,
  }),
};

describe.each(Object.keys(wires))('the contract %s', name => {
  let running: Running;
  let subject: Subject;
  beforeAll(async () => {
    answeredCalls.clear();
    running = await startAll();
    subject = (wires[name] as (running: Running) => Subject)(running);
  });
  afterAll(() => running.stop());

  test.each([...gatewayCases, ...contractCases])('$title', async ({ run }) => {
    await expect(run(subject)).resolves.toBeUndefined();
  });

  test('every call of the contract was answered at least once', () => {
    expect(callsNeverAnswered({ administrator: true })).toEqual([]);
  });
});
