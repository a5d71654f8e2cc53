/** SSE: how much later an event arrives through a hop, with 100 streams of 50 events a second. */
import { nodeServer, startHttpHops, stopHttpHops } from '../hops/http-hops.ts';
import { followStreams } from '../load/sse-load.ts';
import { settle } from '../process-figures.ts';
import { inRounds, type RunContext } from '../run-context.ts';
import { percentile } from '../stats.ts';

const part = 'sse';
const streamCount = 100;
const eventsPerSecond = 50;

export async function measureSse(context: RunContext): Promise<void> {
  const { stand, options, figures } = context;
  const upstream = await nodeServer(stand, 'SSE upstream', 'sse-upstream.ts', ['--rate', String(eventsPerSecond)]);
  const hops = await startHttpHops(stand, upstream.url, ['direct', 'nginx', 'node', 'peer', 'recording']);
  const forMs = options.isQuick ? 500 : 1_500;
  await inRounds(context, { title: 'sse', items: hops, rounds: options.rounds, share: 1 }, async hop => {
    const { delaysUs } = await followStreams({ url: hop.url, streamCount, warmUpMs: options.isQuick ? 300 : 500, forMs });
    figures.add({ part, metric: 'event p50', hop: hop.name, unit: 'µs' }, percentile(delaysUs, 0.5));
    figures.add({ part, metric: 'event p99', hop: hop.name, unit: 'µs' }, percentile(delaysUs, 0.99));
    figures.add({ part, metric: 'events/s', hop: hop.name, unit: '1/s' }, (delaysUs.length / forMs) * 1_000);
    await settle([upstream.process.pid, ...(hop.process === undefined ? [] : [hop.process.pid])], 3_000);
  });
  await stopHttpHops(hops);
  await upstream.process.stop();
}
