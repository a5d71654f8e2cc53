/** `shadowcat wrap`: what the shim adds to a start, to a round trip and to large messages, while a host records. */
import { join } from 'node:path';
import { msToFirstByte, nodeSaysOneLine } from '../first-byte.ts';
import { hopNames } from '../hops/hop-names.ts';
import { missingBuild, recordedBy, shadowcatServe, shimFile, type Host } from '../hops/shadowcat.ts';
import { roundTrips, volume } from '../load/stdio-load.ts';
import { settle } from '../process-figures.ts';
import { inRounds, type RunContext } from '../run-context.ts';
import type { Running, Stand } from '../stand.ts';
import { percentile } from '../stats.ts';

const part = 'wrap';
const serversDir = join(import.meta.dirname, '../servers');
const smallLineBytes = 150;
const largeLineBytes = 1_000_000;

interface Relay {
  readonly name: string;
  /** The command line that reaches the server whose own command line this is. */
  around(command: readonly string[]): readonly string[];
}

export async function measureWrap(context: RunContext): Promise<void> {
  const { stand } = context;
  const problem = missingBuild();
  if (problem !== undefined) stand.note(problem);
  const host = problem === undefined ? await shadowcatServe(stand) : undefined;
  const relays = relaysFor(host);
  await measureStart(
    context,
    relays.filter(({ name }) => name === hopNames.direct || name === hopNames.wrap),
  );
  await measureRoundTrips(context, relays, host);
  await measureVolume(context, relays, host);
  await host?.[Symbol.asyncDispose]();
}

function relaysFor(host: Host | undefined): Relay[] {
  const relays: Relay[] = [{ name: hopNames.direct, around: command => command }];
  // One process per direction that only copies: what a relay in C costs, without a compiler.
  if (process.platform !== 'win32')
    relays.push({ name: hopNames.cat, around: command => ['/bin/sh', '-c', `cat | ${command.map(quoted).join(' ')} | cat`] });
  relays.push({ name: hopNames.pump, around: command => [process.execPath, join(serversDir, 'byte-pump.ts'), ...command] });
  if (host !== undefined)
    relays.push({
      name: hopNames.wrap,
      around: command => [process.execPath, shimFile, '--data-dir', host.dataDir, '--name', 'bench', '--', ...command],
    });
  return relays;
}

/** From spawning to the first byte of the server behind. */
async function measureStart(context: RunContext, relays: readonly Relay[]): Promise<void> {
  const { figures, options, stand } = context;
  const plan = { title: 'wrap: start', items: relays, rounds: options.isQuick ? 6 : Math.max(20, options.rounds), share: 0.25 };
  await inRounds(context, plan, async relay => {
    figures.add({ part, metric: 'start', hop: relay.name, unit: 'ms' }, await msToFirstByte(stand, relay.around(nodeSaysOneLine)));
  });
}

async function measureRoundTrips(context: RunContext, relays: readonly Relay[], host: Host | undefined): Promise<void> {
  const { figures, options } = context;
  const servers = startServers(context.stand, relays, smallLineBytes - 75);
  const load = { lineBytes: smallLineBytes, maxCount: 5_000, maxMs: options.isQuick ? 150 : 600 };
  for (const { process: server } of servers) await roundTrips(server, load);
  const before = host === undefined ? undefined : await quietly(host);
  let wrappedCount = 0;
  await inRounds(context, { title: 'wrap: round trips', items: servers, rounds: options.rounds, share: 0.35 }, async relay => {
    const latenciesUs = await roundTrips(relay.process, load);
    figures.add({ part, metric: 'round trip p50', hop: relay.name, unit: 'µs' }, percentile(latenciesUs, 0.5));
    figures.add({ part, metric: 'round trip p99', hop: relay.name, unit: 'µs' }, percentile(latenciesUs, 0.99));
    if (relay.name === hopNames.wrap) wrappedCount += latenciesUs.length;
    await settle(pidsOf(relay.process, host), 5_000);
  });
  if (host !== undefined && before !== undefined) {
    const after = await quietly(host);
    figures.add({ part, metric: 'frames lost', hop: hopNames.wrap, unit: '' }, wrappedCount * 2 - (after.frameCount - before.frameCount));
  }
  for (const { process: server } of servers) await server.stop();
}

/** What the host has recorded once nothing is under way; its status is refreshed twice a second. */
async function quietly(host: Host): Promise<{ frameCount: number }> {
  await settle([host.process.pid], 5_000);
  await new Promise(resolve => setTimeout(resolve, 1_000));
  return recordedBy(host);
}

async function measureVolume(context: RunContext, relays: readonly Relay[], host: Host | undefined): Promise<void> {
  const { figures, options } = context;
  const servers = startServers(context.stand, relays, largeLineBytes - 75);
  const forMs = options.isQuick ? 250 : 800;
  for (const { process: server } of servers) await volume(server, { lineBytes: largeLineBytes, windowCount: 4, forMs: forMs / 2 });
  await inRounds(context, { title: 'wrap: 1 MB messages', items: servers, rounds: options.rounds, share: 0.4 }, async relay => {
    const perSecond = await volume(relay.process, { lineBytes: largeLineBytes, windowCount: 4, forMs });
    figures.add({ part, metric: '1 MB messages', hop: relay.name, unit: 'MB/s' }, perSecond);
    await settle(pidsOf(relay.process, host), 5_000);
  });
  for (const { process: server } of servers) await server.stop();
}

function startServers(stand: Stand, relays: readonly Relay[], answerBytes: number): { name: string; process: Running }[] {
  return relays.map(relay => {
    const [command = '', ...args] = relay.around([process.execPath, join(serversDir, 'stdio-server.ts'), '--bytes', String(answerBytes)]);
    return { name: relay.name, process: stand.start({ name: relay.name, command, args }) };
  });
}

const pidsOf = (server: Running, host: Host | undefined) => [server.pid, ...(host === undefined ? [] : [host.process.pid])];
const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
