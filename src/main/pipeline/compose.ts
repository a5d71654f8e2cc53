/** Runs stages in order, outermost first, knowing none of them. */
import type { Exchange, Next, Stage, Verdict } from './stage.ts';

/** Chains the stages once, at configuration time, so that a request costs one call per stage. The last stage must answer by itself. */
export function compose(stages: readonly Stage[]): Next {
  const end: Next = () => Promise.reject(new Error('The last stage called next: order.ts must end with forward'));
  return stages.reduceRight<Next>((next, stage) => exchange => handled(stage, exchange, next), end);
}

/** A stage that is no async function may throw at once; to those around it that is the same failure. */
function handled(stage: Stage, exchange: Exchange, next: Next): Promise<Verdict> {
  try {
    return stage.handle(exchange, next);
  } catch (error) {
    return Promise.reject(error);
  }
}
