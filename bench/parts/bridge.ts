/** Bridges between stdio and HTTP: ours, which record, beside those of npm, which do not. The same small server is behind all of them. */
import { type BridgeToHttp, bridgesToHttp, bridgesToStdio, type BridgeToStdio, directStdio, httpServerBehind } from '../hops/bridges.ts';
import { hopNames } from '../hops/hop-names.ts';
import { stopHttpHops } from '../hops/http-hops.ts';
import { closedLoop } from '../load/http-load.ts';
import type { McpStdioClient } from '../load/mcp-stdio-load.ts';
import { plainCall } from '../load/message.ts';
import { cpuMs, residentMb, settle } from '../process-figures.ts';
import { inRounds, type RunContext } from '../run-context.ts';
import type { Running } from '../stand.ts';
import { percentile } from '../stats.ts';

const part = 'bridge';
const settleMs = 5_000;

export async function measureBridge(context: RunContext): Promise<void> {
  await measureToStdio(context);
  await measureToHttp(context);
}

/** One direction of bridging, as one of its hops is measured: calls for some time, so many at once. */
interface Bridged {
  readonly name: string;
  readonly processes: readonly Running[];
  load(atOnce: number, maxMs: number): Promise<{ latenciesUs: readonly number[]; count: number; elapsedMs: number }>;
}

/** Clients of HTTP, a server of stdio. */
async function measureToStdio(context: RunContext): Promise<void> {
  const direct = await directStdio(context.stand);
  const bridges = await bridgesToStdio(context.stand);
  await measure(context, 'HTTP to stdio', [spokenTo(direct.client), ...bridges.map(overHttp)]);
  await stopHttpHops(bridges);
  await direct.process.stop();
}

/** Clients of stdio, a server of HTTP. */
async function measureToHttp(context: RunContext): Promise<void> {
  const server = await httpServerBehind(context.stand);
  const bridges = await bridgesToHttp(context.stand, server.url);
  const direct: Bridged = { name: hopNames.direct, processes: [], load: httpLoad({ url: server.url, call: plainCall }) };
  await measure(context, 'stdio to HTTP', [direct, ...bridges.map(overStdio)]);
  for (const { processes } of bridges) for (const running of processes) await running.stop();
  for (const { host } of bridges) await host?.[Symbol.asyncDispose]();
  await server.process.stop();
}

async function measure(context: RunContext, direction: string, hops: readonly Bridged[]): Promise<void> {
  const { options, figures, progress } = context;
  progress(`bridge, ${direction}: warming up`);
  for (const hop of hops) {
    await hop.load(16, options.isQuick ? 100 : 1_000);
    await settle(pidsOf(hop), settleMs);
  }
  await inRounds(context, { title: `bridge, ${direction}`, items: hops, rounds: options.rounds, share: 0.5 }, async hop => {
    for (const atOnce of options.isQuick ? [1, 16] : [1, 16, 64]) {
      const key = (metric: string, unit: string) => ({ part, metric: `${direction}: ${metric} at ${atOnce}`, hop: hop.name, unit });
      const cpuBefore = cpuOf(hop);
      const { latenciesUs, count, elapsedMs } = await hop.load(atOnce, options.isQuick ? 150 : 700);
      await settle(pidsOf(hop), settleMs);
      if (atOnce === 1) {
        figures.add(key('p50', 'µs'), percentile(latenciesUs, 0.5));
        figures.add(key('p99', 'µs'), percentile(latenciesUs, 0.99));
        continue;
      }
      figures.add(key('requests/s', '1/s'), (count / elapsedMs) * 1_000);
      if (hop.processes.length > 0) figures.add(key('CPU per request', 'µs'), ((cpuOf(hop) - cpuBefore) / count) * 1_000);
    }
  });
  for (const hop of hops) {
    const memoryMb = hop.processes.reduce((sum, { pid }) => sum + (residentMb(pid) ?? Number.NaN), 0);
    if (memoryMb > 0) figures.add({ part, metric: `${direction}: memory after load`, hop: hop.name, unit: 'MB' }, memoryMb);
  }
}

const maxCount = 20_000;

const httpLoad =
  (target: Pick<BridgeToStdio, 'url' | 'call'>): Bridged['load'] =>
  async (connectionCount, maxMs) => {
    const { latenciesUs, elapsedMs } = await closedLoop({ ...target, connectionCount, maxCount, maxMs });
    return { latenciesUs, elapsedMs, count: latenciesUs.length };
  };

const overHttp = ({ name, process, ...target }: BridgeToStdio): Bridged => ({ name, processes: [process], load: httpLoad(target) });

const stdioLoad =
  (client: McpStdioClient): Bridged['load'] =>
  (windowCount, maxMs) =>
    client.load({ windowCount, maxMs, maxCount });

const overStdio = ({ name, processes, client }: BridgeToHttp): Bridged => ({ name, processes, load: stdioLoad(client) });

/** The server without a bridge. */
const spokenTo = (client: McpStdioClient): Bridged => ({ name: hopNames.direct, processes: [], load: stdioLoad(client) });

const pidsOf = ({ processes }: Bridged) => processes.map(({ pid }) => pid);
/** NaN where the system does not tell. */
const cpuOf = ({ processes }: Bridged) => processes.reduce((sum, { pid }) => sum + (cpuMs(pid) ?? Number.NaN), 0);
