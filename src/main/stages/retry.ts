/**
 * Tries again what failed and cannot have had effects, or may have them twice. The upstream takes another instance each time.
 * Once an answer's head has gone on there is no second attempt.
 */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { RetriesConfig } from '../../shared/config/schema.ts';
import type { Guard } from '../pipeline/guard.ts';
import type { Exchange, Next, Stage, Verdict } from '../pipeline/stage.ts';
import type { ToolCatalogue } from '../pipeline/tool-catalogue.ts';
import type { Clock } from '../ports.ts';
import type { Departure } from '../support/departure.ts';
import { RetryBudget } from './retry/budget.ts';
import { isRepeatable } from './retry/repeatable.ts';
import { whyAgain, type Attempt } from './retry/why-again.ts';

export interface RetryDeps {
  readonly configFor: (upstreamName: string) => RetriesConfig;
  readonly catalogue: Pick<ToolCatalogue, 'meta'>;
  readonly clock: Clock;
  /** 0 … 1, as `Math.random`. */
  readonly random: () => number;
}

const stage = 'retry';
/** Waits before the second, third … attempt double from here. */
const BACKOFF_MS = 25;
const MAX_BACKOFF_MS = 250;
/** Budgets of upstreams that are gone are forgotten, oldest first. */
const MAX_BUDGETS = 1000;

export function retry(deps: RetryDeps): Stage {
  const budgets = new Map<string, RetryBudget>();
  return {
    name: stage,
    handle(exchange, next) {
      const { guard } = exchange;
      if (guard === undefined) return next(exchange);
      const { upstream } = guard.route;
      let budget = budgets.get(upstream);
      if (budget === undefined) {
        budget = new RetryBudget(deps.clock);
        budgets.set(upstream, budget);
        if (budgets.size > MAX_BUDGETS) budgets.delete(budgets.keys().next().value as string);
      }
      const config = deps.configFor(upstream);
      budget.deposit(config.budget);
      return attempts({ deps, config, budget, exchange, guard, next });
    },
  };
}

interface Trying {
  readonly deps: RetryDeps;
  readonly config: RetriesConfig;
  readonly budget: RetryBudget;
  readonly exchange: Exchange;
  readonly guard: Guard;
  readonly next: Next;
}

/** The last attempt is what the client learns, whatever came before it. */
async function attempts({ deps, config, budget, exchange, guard, next }: Trying): Promise<Verdict> {
  const { departure } = exchange;
  for (let count = 1; ; count += 1) {
    const attempt = await tried(exchange, next);
    const again = whyAgain(attempt, () => isRepeatable(guard, config, deps.catalogue));
    if (again === undefined || count >= config.attempts || departure.hasHappened) return resultOf(attempt);
    // A share of nothing leaves nothing, whatever a quiet gateway would have.
    if (config.budget === 0 || !budget.withdraw()) {
      guard.decisions.push({ stage, kind: 'logged', reason: `not tried again, too many retries lately: ${again.reason}` });
      return resultOf(attempt);
    }
    const backoffMs = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (count - 1)) * (0.5 + deps.random() / 2);
    if (attempt.kind === 'verdict' && attempt.verdict.kind === 'answer') attempt.verdict.answer.body.abort();
    await pause(Math.max(again.waitMs, backoffMs), departure);
    if (departure.hasHappened) throw new TrafficError('CANCELLED', 'The client left.');
    guard.decisions.push({ stage, kind: 'changed', reason: `attempt ${count + 1} of ${config.attempts}: ${again.reason}` });
  }
}

async function tried(exchange: Exchange, next: Next): Promise<Attempt> {
  try {
    return { kind: 'verdict', verdict: await next(exchange) };
  } catch (error) {
    return { kind: 'error', error };
  }
}

function resultOf(attempt: Attempt): Verdict {
  if (attempt.kind === 'verdict') return attempt.verdict;
  throw attempt.error;
}

/** Ends early when the client leaves. */
function pause(ms: number, departure: Departure): Promise<void> {
  return new Promise(resolve => {
    const over = () => {
      clearTimeout(timer);
      departure.listener = undefined;
      resolve();
    };
    const timer = setTimeout(over, ms);
    departure.listener = over;
  });
}
