/** `shadowcat serve`: how soon it is ready on a fresh data directory, and what it holds in memory when idle. */
import { msToFirstByte, nodeSaysOneLine } from '../first-byte.ts';
import { hopNames } from '../hops/hop-names.ts';
import { missingBuild, shadowcatServe } from '../hops/shadowcat.ts';
import { residentMb, settle } from '../process-figures.ts';
import { inRounds, type RunContext } from '../run-context.ts';

const part = 'start';
/** What a host does right after it is ready (indexes, first checkpoints) is not yet idling. */
const idleAfterMs = 2_000;

export async function measureStart(context: RunContext): Promise<void> {
  const { stand, figures, options } = context;
  const problem = missingBuild();
  if (problem !== undefined) return stand.note(problem);
  const plan = { title: 'start', items: ['direct', 'serve'] as const, rounds: options.rounds, share: 1 };
  await inRounds(context, plan, async (item, round) => {
    if (item === 'direct')
      return figures.add({ part, metric: 'ready', hop: hopNames.nodeAlone, unit: 'ms' }, await msToFirstByte(stand, nodeSaysOneLine));
    const host = await shadowcatServe(stand);
    figures.add({ part, metric: 'ready', hop: hopNames.serve, unit: 'ms' }, host.readyMs);
    if (round === 0) {
      if (!options.isQuick) await new Promise(resolve => setTimeout(resolve, idleAfterMs));
      await settle([host.process.pid], 3_000);
      const idleMb = residentMb(host.process.pid);
      if (idleMb !== undefined) figures.add({ part, metric: 'idle memory', hop: hopNames.serve, unit: 'MB' }, idleMb);
    }
    await host[Symbol.asyncDispose]();
  });
}
