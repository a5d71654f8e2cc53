/** What every part of the benchmark gets, and the loop that they all measure in. */
import type { BenchOptions } from './options.ts';
import type { Figures } from './series.ts';
import type { Stand } from './stand.ts';
import { orderOfRound } from './stats.ts';

export interface RunContext {
  readonly stand: Stand;
  readonly figures: Figures;
  readonly options: BenchOptions;
  /** The time this part may take. */
  readonly budgetMs: number;
  /** Says on the terminal what goes on. */
  progress(text: string): void;
}

/**
 * Measures each hop once per round, in an order that rotates. Stops after a whole round once its share of the part's time is spent, and
 * says so, because fewer rounds than asked for are worth less.
 */
export async function inRounds<T>(
  context: RunContext,
  plan: { title: string; items: readonly T[]; rounds: number; share: number },
  measure: (item: T, round: number) => Promise<void>,
): Promise<void> {
  const startedAt = performance.now();
  for (let round = 0; round < plan.rounds; round += 1) {
    context.progress(`${plan.title}: round ${round + 1} of ${plan.rounds}`);
    for (const item of orderOfRound(plan.items, round)) await measure(item, round);
    if (performance.now() - startedAt > plan.share * context.budgetMs && round + 1 < plan.rounds) {
      context.stand.note(`${plan.title}: stopped after ${round + 1} of ${plan.rounds} rounds, the time allowed was spent.`);
      return;
    }
  }
}
