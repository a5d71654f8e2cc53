/** `shadowcat proxy`: what it adds to a call, how many calls a second pass, and whether it recorded them all. */
import { hopNames } from '../hops/hop-names.ts';
import { type HttpHop, nodeServer, startHttpHops, stopHttpHops } from '../hops/http-hops.ts';
import { nginxUpstream } from '../hops/nginx.ts';
import { recordedBy } from '../hops/shadowcat.ts';
import { closedLoop, steadyRate } from '../load/http-load.ts';
import { throughputLoad } from '../load/wrk.ts';
import { cpuMs, settle } from '../process-figures.ts';
import { inRounds, type RunContext } from '../run-context.ts';
import { percentile } from '../stats.ts';

const part = 'proxy';
/** A recorder that cannot keep up has this long to write its backlog before the next hop is measured. */
const settleMs = 5_000;

export async function measureProxy(context: RunContext): Promise<void> {
  const upstream = (await nginxUpstream(context.stand)) ?? (await nodeServer(context.stand, 'upstream', 'node-upstream.ts', []));
  const hops = await startHttpHops(context.stand, upstream.url, ['direct', 'nginx', 'node', 'peer', 'recording', 'notRecording']);
  await warmUp(context, hops);
  await measureLatency(context, hops);
  await measureThroughput(context, hops);
  await measureSteady(context, hops);
  await checkNothingLost(context, hops);
  await stopHttpHops(hops);
  await upstream.process.stop();
  if (!context.options.isQuick) await measureSlowUpstream(context);
}

/** Compiled code, open files and grown heaps are not what the first round should pay for. */
async function warmUp({ progress, options }: RunContext, hops: readonly HttpHop[]): Promise<void> {
  progress('proxy: warming up');
  for (const hop of hops) {
    await closedLoop({ url: hop.url, connectionCount: 16, maxCount: 20_000, maxMs: options.isQuick ? 150 : 800 });
    await settled(hop);
  }
}

async function measureLatency(context: RunContext, hops: readonly HttpHop[]): Promise<void> {
  const { options, figures } = context;
  const forMs = options.isQuick ? 200 : 600;
  for (const connectionCount of [1, 16]) {
    const plan = { title: `proxy: latency at ${connectionCount}`, items: hops, rounds: options.rounds, share: 0.11 };
    await inRounds(context, plan, async hop => {
      const { latenciesUs } = await closedLoop({ url: hop.url, connectionCount, maxCount: 10_000, maxMs: forMs });
      const unit = 'µs';
      figures.add({ part, metric: `p50 at ${connectionCount}`, hop: hop.name, unit }, percentile(latenciesUs, 0.5));
      figures.add({ part, metric: `p99 at ${connectionCount}`, hop: hop.name, unit }, percentile(latenciesUs, 0.99));
      await settled(hop);
    });
  }
}

async function measureThroughput(context: RunContext, hops: readonly HttpHop[]): Promise<void> {
  const { options, figures, stand } = context;
  const load = throughputLoad(stand);
  const counts = options.isQuick ? [64] : [1, 16, 64];
  for (const connectionCount of counts) {
    const plan = { title: `proxy: throughput at ${connectionCount}`, items: hops, rounds: options.rounds, share: 0.18 };
    await inRounds(context, plan, async hop => {
      const cpuBefore = cpuOf(hop);
      const { perSecond, count } = await load({ url: hop.url, connectionCount, seconds: 1 });
      figures.add({ part, metric: `requests/s at ${connectionCount}`, hop: hop.name, unit: '1/s' }, perSecond);
      // What the recorder writes afterwards belongs to the request too.
      const waitedMs = await settled(hop);
      const cpuAfter = cpuOf(hop);
      if (hop.process !== undefined && cpuBefore !== undefined && cpuAfter !== undefined)
        figures.add(
          { part, metric: `CPU per request at ${connectionCount}`, hop: hop.name, unit: 'µs' },
          ((cpuAfter - cpuBefore) / count) * 1_000,
        );
      if (hop.host !== undefined)
        figures.add({ part, metric: `backlog after load at ${connectionCount}`, hop: hop.name, unit: 'ms' }, waitedMs);
    });
  }
}

/** At a rate that every hop can carry, latency shows stalls instead of queues. */
async function measureSteady(context: RunContext, hops: readonly HttpHop[]): Promise<void> {
  const { options, figures } = context;
  const chosen = hops.filter(hop => hop.name !== hopNames.notRecording);
  const plan = { title: 'proxy: 1,000 requests/s', items: chosen, rounds: options.rounds, share: 0.16 };
  await inRounds(context, plan, async hop => {
    const forMs = options.isQuick ? 400 : 1_200;
    const { latenciesUs } = await steadyRate({ url: hop.url, connectionCount: 16, perSecond: 1_000, forMs });
    figures.add({ part, metric: 'p50 at 1,000/s', hop: hop.name, unit: 'µs' }, percentile(latenciesUs, 0.5));
    figures.add({ part, metric: 'p99 at 1,000/s', hop: hop.name, unit: 'µs' }, percentile(latenciesUs, 0.99));
    await settled(hop);
  });
}

/** 2,500 exchanges are 5,000 messages: what was answered is compared with what the store then has. */
async function checkNothingLost(context: RunContext, hops: readonly HttpHop[]): Promise<void> {
  const { figures, options, progress } = context;
  const hop = hops.find(({ name }) => name === hopNames.recording);
  if (hop?.host === undefined) return;
  progress('proxy: 5,000 messages/s, nothing lost');
  await settled(hop);
  const before = await recordedBy(hop.host);
  const { latenciesUs, elapsedMs } = await steadyRate({
    url: hop.url,
    connectionCount: 32,
    perSecond: 2_500,
    forMs: options.isQuick ? 600 : 3_000,
  });
  await settled(hop);
  // The status is refreshed twice a second; a count from before the last commit would look like a loss.
  await new Promise(resolve => setTimeout(resolve, 1_000));
  const after = await recordedBy(hop.host);
  const key = (metric: string, unit: string) => ({ part, metric, hop: hop.name, unit });
  figures.add(key('messages/s while counting', '1/s'), (latenciesUs.length * 2 * 1_000) / elapsedMs);
  figures.add(key('exchanges answered while counting', ''), latenciesUs.length);
  figures.add(key('frames lost at 5,000 messages/s', ''), latenciesUs.length * 2 - (after.frameCount - before.frameCount));
  figures.add(key('exchanges lost at 5,000 messages/s', ''), latenciesUs.length - (after.exchangeCount - before.exchangeCount));
  figures.add(key('bodies dropped at 5,000 messages/s', ''), after.droppedBodyCount - before.droppedBodyCount);
  figures.add(key('bodies dropped in the whole part', ''), after.droppedBodyCount);
  figures.add(key('frames unrecorded in the whole part', ''), after.unrecordedFrameCount);
}

/** "5 % of p95" needs an upstream that takes its time, as real tools do. */
async function measureSlowUpstream(context: RunContext): Promise<void> {
  const { stand, options, figures } = context;
  const slow = await nodeServer(stand, 'slow upstream', 'node-upstream.ts', ['--delay', '20']);
  const hops = await startHttpHops(stand, slow.url, ['direct', 'node', 'recording']);
  for (const hop of hops) await closedLoop({ url: hop.url, connectionCount: 16, maxCount: 500, maxMs: 600 });
  const plan = { title: 'proxy: upstream of 20 ms', items: hops, rounds: options.rounds, share: 0.08 };
  await inRounds(context, plan, async hop => {
    const { latenciesUs } = await closedLoop({ url: hop.url, connectionCount: 16, maxCount: 2_000, maxMs: 1_000 });
    figures.add({ part, metric: 'p95, upstream of 20 ms', hop: hop.name, unit: 'µs' }, percentile(latenciesUs, 0.95));
    await settled(hop);
  });
  await stopHttpHops(hops);
  await slow.process.stop();
}

const settled = async (hop: HttpHop) => (hop.process === undefined ? 0 : settle([hop.process.pid], settleMs));
const cpuOf = (hop: HttpHop) => (hop.process === undefined ? undefined : cpuMs(hop.process.pid));
