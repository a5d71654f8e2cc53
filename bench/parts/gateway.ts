/** `shadowcat gateway` with all guards on: what they add to a call, what they cost beside the bare proxy, and that they let all pass. */
import { type GatewayHop, startGatewayHops } from '../hops/gateway-hops.ts';
import { hopNames } from '../hops/hop-names.ts';
import { nodeServer, stopHttpHops } from '../hops/http-hops.ts';
import { nginxUpstream } from '../hops/nginx.ts';
import { recordedBy } from '../hops/shadowcat.ts';
import { closedLoop } from '../load/http-load.ts';
import { nodeLoad, throughputLoad } from '../load/wrk.ts';
import { cpuMs, residentMb, settle } from '../process-figures.ts';
import { inRounds, type RunContext } from '../run-context.ts';
import { percentile } from '../stats.ts';

const part = 'gateway';
const settleMs = 5_000;

export async function measureGateway(context: RunContext): Promise<void> {
  const { stand, progress, options } = context;
  const upstream = (await nginxUpstream(stand)) ?? (await nodeServer(stand, 'upstream', 'node-upstream.ts', []));
  const hops = await startGatewayHops(stand, upstream.url);
  progress('gateway: warming up');
  for (const hop of hops) {
    await closedLoop({ ...hop, connectionCount: 16, maxCount: 20_000, maxMs: options.isQuick ? 100 : 1_500 });
    await settled(hop);
  }
  await measureLatency(context, hops);
  await measureThroughput(context, hops);
  noteMemory(context, hops);
  await checkAllPassed(context, hops);
  await stopHttpHops(firstOfEach(hops));
  await upstream.process.stop();
}

async function measureLatency({ figures, options, ...context }: RunContext, hops: readonly GatewayHop[]): Promise<void> {
  const plan = { title: 'gateway: latency at 1', items: hops, rounds: options.rounds, share: 0.25 };
  await inRounds({ figures, options, ...context }, plan, async hop => {
    const { latenciesUs } = await closedLoop({ ...hop, connectionCount: 1, maxCount: 10_000, maxMs: options.isQuick ? 150 : 600 });
    figures.add({ part, metric: 'guarded p50 at 1', hop: hop.name, unit: 'µs' }, percentile(latenciesUs, 0.5));
    figures.add({ part, metric: 'guarded p99 at 1', hop: hop.name, unit: 'µs' }, percentile(latenciesUs, 0.99));
    await settled(hop);
  });
}

async function measureThroughput(context: RunContext, hops: readonly GatewayHop[]): Promise<void> {
  const { options, figures, stand } = context;
  const load = options.isQuick ? nodeLoad(0.25) : throughputLoad(stand);
  for (const connectionCount of options.isQuick ? [64] : [16, 64]) {
    const plan = { title: `gateway: throughput at ${connectionCount}`, items: hops, rounds: options.rounds, share: 0.37 };
    await inRounds(context, plan, async hop => {
      const before = cpuOf(hop);
      const { perSecond, count } = await load({ ...hop, connectionCount, seconds: 1 });
      figures.add({ part, metric: `guarded requests/s at ${connectionCount}`, hop: hop.name, unit: '1/s' }, perSecond);
      // What record, audit and log write afterwards belongs to the request too.
      await settled(hop);
      const after = cpuOf(hop);
      if (before === undefined || after === undefined) return;
      figures.add(
        { part, metric: `guarded CPU per request at ${connectionCount}`, hop: hop.name, unit: 'µs' },
        ((after - before) / count) * 1_000,
      );
    });
  }
}

function noteMemory({ figures }: RunContext, hops: readonly GatewayHop[]): void {
  for (const { name, process } of firstOfEach(hops)) {
    const memoryMb = process === undefined ? undefined : residentMb(process.pid);
    if (memoryMb !== undefined) figures.add({ part, metric: 'guarded memory after load', hop: name, unit: 'MB' }, memoryMb);
  }
}

/** A guard that refuses is fast: what was refused, failed or not recorded would be a fault of these figures. */
async function checkAllPassed({ figures, stand }: RunContext, hops: readonly GatewayHop[]): Promise<void> {
  const host = hops.find(({ name }) => name === hopNames.guardKey)?.host;
  if (host === undefined) return;
  await settle([host.process.pid], settleMs);
  const { counters } = await host.connection.call('gateway.status', {});
  const { refused, failed, unauthorized, limited, denied } = counters;
  const key = (metric: string) => ({ part, metric, hop: hopNames.guardKey, unit: '' });
  figures.add(key('guarded requests in all'), counters.requests);
  figures.add(key('guarded requests not passed'), refused + failed + unauthorized + limited + denied);
  const { unrecordedFrameCount, droppedBodyCount } = await recordedBy(host);
  figures.add(key('guarded frames unrecorded'), unrecordedFrameCount);
  figures.add(key('guarded bodies dropped'), droppedBodyCount);
  if (refused + failed > 0) stand.note(`The gateway refused ${refused} and failed ${failed} of ${counters.requests} requests.`);
}

/** One hop for each process. */
function firstOfEach(hops: readonly GatewayHop[]): GatewayHop[] {
  return hops.filter(({ process }, index) => hops.findIndex(other => other.process === process) === index);
}

const settled = async (hop: GatewayHop) => (hop.process === undefined ? 0 : settle([hop.process.pid], settleMs));
const cpuOf = (hop: GatewayHop) => (hop.process === undefined ? undefined : cpuMs(hop.process.pid));
