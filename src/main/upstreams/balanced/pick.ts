/** The balancing algorithms: which of the instances that may be used gets the next request. */
import type { UpstreamConfig } from '../../../shared/config/schema.ts';

export type Balance = UpstreamConfig['balance'];

export interface Candidate {
  readonly id: string;
  /** Configured weight, scaled by health and slow start; more than 0. */
  readonly effectiveWeight: number;
  /** What health and slow start leave of any weight: more than 0, at most 1. */
  readonly factor: number;
  /** Requests under way; long streams are not among them. */
  readonly inFlight: number;
  readonly latencyMs: number | undefined;
}

/** Chooses one of at least one candidate. */
export type Pick = <C extends Candidate>(candidates: readonly C[]) => C;

export function picker(balance: Balance, random: () => number): Pick {
  switch (balance) {
    case 'round-robin':
      return one(smooth(candidate => candidate.factor));
    case 'weighted-round-robin':
      return one(smooth(candidate => candidate.effectiveWeight));
    case 'least-connections':
      return one(leastConnections());
    case 'p2c':
      return one(twoChoices(random));
    case 'random':
      return one(candidates => weightedRandom(candidates, random));
  }
}

function one(pick: Pick): Pick {
  return candidates => (candidates.length === 1 ? (candidates[0] as (typeof candidates)[number]) : pick(candidates));
}

/** Bound of what is remembered of instances that are gone. */
const MAX_REMEMBERED = 1024;

/**
 * Smooth weighted round robin, as nginx does it: everyone gains its weight, the richest is taken and pays for all. Weights
 * 5, 1, 1 give a a b a c a a. Equal weights give plain round robin.
 */
function smooth(weightOf: (candidate: Candidate) => number): Pick {
  const credits = new Map<string, number>();
  return candidates => {
    if (credits.size > MAX_REMEMBERED) credits.clear();
    let best = candidates[0] as (typeof candidates)[number];
    let bestCredit = -Infinity;
    let total = 0;
    for (const candidate of candidates) {
      const weight = weightOf(candidate);
      const credit = (credits.get(candidate.id) ?? 0) + weight;
      credits.set(candidate.id, credit);
      total += weight;
      // The margin keeps sums of fractions from deciding a tie.
      if (credit <= bestCredit + 1e-9) continue;
      best = candidate;
      bestCredit = credit;
    }
    credits.set(best.id, bestCredit - total);
    return best;
  };
}

/** Fewest requests under way for its weight; where that is equal, in turn. */
function leastConnections(): Pick {
  const inTurn = smooth(candidate => candidate.effectiveWeight);
  return candidates => {
    let least = Infinity;
    for (const { inFlight, effectiveWeight } of candidates) least = Math.min(least, inFlight / effectiveWeight);
    return inTurn(candidates.filter(({ inFlight, effectiveWeight }) => inFlight / effectiveWeight === least));
  };
}

/** The better of two at random: nearly as good as the best of all, and no herd that runs to whoever looks best. */
function twoChoices(random: () => number): Pick {
  return candidates => {
    const first = Math.floor(random() * candidates.length);
    const other = Math.floor(random() * (candidates.length - 1));
    const one = candidates[first] as (typeof candidates)[number];
    const two = candidates[other >= first ? other + 1 : other] as (typeof candidates)[number];
    return expectedWait(two) < expectedWait(one) ? two : one;
  };
}

function expectedWait({ latencyMs, inFlight, effectiveWeight }: Candidate): number {
  return (Math.max(1, latencyMs ?? 0) * (inFlight + 1)) / effectiveWeight;
}

function weightedRandom<C extends Candidate>(candidates: readonly C[], random: () => number): C {
  let total = 0;
  for (const { effectiveWeight } of candidates) total += effectiveWeight;
  let left = random() * total;
  for (const candidate of candidates) {
    left -= candidate.effectiveWeight;
    if (left < 0) return candidate;
  }
  return candidates.at(-1) as C;
}
