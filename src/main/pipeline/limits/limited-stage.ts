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
      if (admission.kind === 'admitted') return admitted({ limiter, exchange, guard, next }, admission.release);
      limiter.tell(guard);
      return Promise.resolve(admission.verdict);
    },
  };
}

interface Admitted {
  readonly limiter: RateLimiter;
  readonly exchange: Exchange;
  readonly guard: Guard;
  readonly next: Next;
}

/** The client is told on the way back, when all stages have had their say; `release` gives back what is held. */
async function admitted({ limiter, exchange, guard, next }: Admitted, release: (() => void) | undefined): Promise<Verdict> {
  try {
    const verdict = withOwnHeaders(await next(exchange), guard, limiter);
    if (release === undefined) return verdict;
    if (verdict.kind === 'answer') {
      const { answer } = verdict;
      return { kind: 'answer', answer: { ...answer, body: new WatchedBody(answer.body, { over: release }) } };
    }
    release();
    return verdict;
  } catch (error) {
    limiter.tell(guard);
    release?.();
    throw error;
  }
}

/** The limits of the server are between it and us: a client that reads `X-RateLimit-Limit` shall find one number there, ours. */
function withOwnHeaders(verdict: Verdict, guard: Guard, limiter: RateLimiter): Verdict {
  limiter.tell(guard);
  if (verdict.kind !== 'answer' || !guard.answerHeaders.includes('RateLimit')) return verdict;
  const rawHeaders = withoutLimitHeaders(verdict.answer.rawHeaders);
  return rawHeaders === verdict.answer.rawHeaders ? verdict : { kind: 'answer', answer: { ...verdict.answer, rawHeaders } };
}
