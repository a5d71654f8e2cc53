/** Whether an attempt that went wrong is worth another one. */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Verdict } from '../../pipeline/stage.ts';

/** What became of one attempt. */
export type Attempt =
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  | {
      readonly kind: 'error';
      readonly error: unknown;
    };

export interface Again {
  /** For the decision that is noted. */
  readonly reason: string;
  /** Before this it would be for nothing. */
  readonly waitMs: number;
}

/** Answers of a server, or of a proxy before it, that may be another one's next time. */
const passing = new Set([502, 503, 504]);
/** A half-open instance is tried by one call at a time; waiting longer than this is the client's business. */
const MAX_WAIT_MS = 250;

/** Undefined when the attempt stands as it is. `isRepeatable` is asked only where the server may have read the request. */
export function whyAgain(attempt: Attempt, isRepeatable: () => boolean): Again | undefined {
  if (attempt.kind === 'verdict') {
    const { verdict } = attempt;
    if (verdict.kind !== 'answer' || !passing.has(verdict.answer.status) || !isRepeatable()) return undefined;
    return { reason: `it was answered ${verdict.answer.status}`, waitMs: 0 };
  }
  const { error } = attempt;
  if (!(error instanceof TrafficError)) return undefined;
  return whyAfter(error, isRepeatable);
}

function whyAfter({ code, facts, message }: TrafficError, isRepeatable: () => boolean): Again | undefined {
  const wasNotSent = facts['may_have_executed'] === false;
  const again: Again = { reason: message, waitMs: 0 };
  switch (code) {
    case 'UPSTREAM_DOWN':
    case 'UPSTREAM_BROKE':
      return wasNotSent || isRepeatable() ? again : undefined;
    case 'UPSTREAM_TIMEOUT':
      return wasNotSent || (facts['phase'] === 'first_byte' && isRepeatable()) ? again : undefined;
    case 'UNAVAILABLE': {
      const waitMs = facts['retry_after_ms'];
      const isSoon = facts['state'] === 'half-open' && typeof waitMs === 'number' && waitMs <= MAX_WAIT_MS;
      return isSoon ? { reason: message, waitMs } : undefined;
    }
    default:
      return undefined;
  }
}
