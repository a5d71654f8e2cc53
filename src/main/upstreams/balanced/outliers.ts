/**
 * Passive ejection: an instance that fails much more often than its siblings gets nothing for a while, although its breaker is
 * still closed. At most half of an upstream's instances at once, so that a fault they share never takes them all out.
 */
import type { BreakerConfig } from '../../../shared/config/schema.ts';

export interface Observed {
  /** Calls and failures of the breaker's window. */
  readonly recent: { readonly calls: number; readonly failures: number };
  readonly isEjected: boolean;
}

/** Which instances to eject now; `all` are those that take part. */
export function outliers<O extends Observed>(all: readonly O[], { minimumCalls, failureRate }: BreakerConfig): O[] {
  let room = Math.floor(all.length / 2) - all.filter(({ isEjected }) => isEjected).length;
  if (room <= 0) return [];
  const rate = ({ recent }: O) => (recent.calls === 0 ? 0 : recent.failures / recent.calls);
  const found: O[] = [];
  for (const one of all.filter(({ isEjected }) => !isEjected).toSorted((left, right) => rate(right) - rate(left))) {
    if (room === 0) break;
    // Half of what opens a breaker, and twice as bad as the others together.
    if (one.recent.calls < minimumCalls || rate(one) < failureRate / 2) continue;
    const others = all.filter(other => other !== one && !other.isEjected && !found.includes(other));
    const calls = others.reduce((sum, { recent }) => sum + recent.calls, 0);
    const failures = others.reduce((sum, { recent }) => sum + recent.failures, 0);
    if (calls === 0 || failures / calls > rate(one) / 2) continue;
    found.push(one);
    room -= 1;
  }
  return found;
}
