/** A stage that admits or refuses by some tiers. What a call holds of concurrency is given back when its answer is over, however it ends. */
import type { Guard } from '../guard.ts';
import type { Exchange, Next, Stage, Verdict } from '../stage.ts';
import { WatchedBody } from '../watched-body.ts';
import { withoutLimitHeaders } from './limit-headers.ts';
import type { Tier } from './prepare-limits.ts';
import type { RateLimiter } from './rate-limiter.ts';

export function limitedStage(name: string, tiers: readonly Tier[], limiter: RateLimiter): Stage {
  const counted = new Set(tiers);
  return {
    name,
    handle(exchange, next) {
      const { guard } = exchange;
      if (guard === undefined) return next(exchange);
      const admission = limiter.admit(name, counted, exchange, guard);
      if (admission.kind === 'refused') return Promise.resolve(admission.verdict);
      const { release } = admission;
      return release === undefined
        ? next(exchange).then(verdict => withOwnHeaders(verdict, guard))
        : held({ exchange, guard, next }, release);
    },
  };
}

interface Asked {
  readonly exchange: Exchange;
  readonly guard: Guard;
  readonly next: Next;
}

async function held({ exchange, guard, next }: Asked, release: () => void): Promise<Verdict> {
  try {
    const verdict = await next(exchange);
    if (verdict.kind === 'answer') {
      const { answer } = withOwnHeaders(verdict, guard) as typeof verdict;
      return { kind: 'answer', answer: { ...answer, body: new WatchedBody(answer.body, { over: release }) } };
    }
    release();
    return verdict;
  } catch (error) {
    release();
    throw error;
  }
}

/** The limits of the server are between it and us: a client that reads `X-RateLimit-Limit` shall find one number there, ours. */
function withOwnHeaders(verdict: Verdict, { answerHeaders }: Guard): Verdict {
  if (verdict.kind !== 'answer' || !answerHeaders.includes('RateLimit')) return verdict;
  const rawHeaders = withoutLimitHeaders(verdict.answer.rawHeaders);
  return rawHeaders === verdict.answer.rawHeaders ? verdict : { kind: 'answer', answer: { ...verdict.answer, rawHeaders } };
}
