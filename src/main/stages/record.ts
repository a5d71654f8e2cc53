/** The outermost stage: notes what passes, refusals and our own failures included. It looks on and never decides. */
import type { Exchange, Stage, Verdict } from '../pipeline/stage.ts';
import type { Clock, Logger } from '../ports.ts';
import { HopTap } from './record/hop-tap.ts';

export interface RecordDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** A promise (resolved within 250 ms) while the recording queue is full: the relay waits that long, then goes on. */
  readonly pressure: () => Promise<void> | undefined;
}

/** Forwards first and notes second, so that recording adds nothing to the time a request needs. */
export function record(deps: RecordDeps): Stage {
  return {
    name: 'record',
    async handle(exchange, next) {
      const wait = deps.pressure();
      if (wait !== undefined) await wait;
      const tap = new HopTap(exchange, deps);
      const verdict = next(tap.exchange);
      tap.requestPassed();
      return outcome(tap, exchange, verdict);
    },
  };
}

async function outcome(tap: HopTap, exchange: Exchange, pending: Promise<Verdict>): Promise<Verdict> {
  let verdict: Verdict;
  try {
    verdict = await pending;
  } catch (error) {
    if (exchange.signal.aborted) tap.clientLeft();
    else tap.failed(error);
    throw error;
  }
  if (verdict.kind === 'answer') return { kind: 'answer', answer: tap.answered(verdict.answer) };
  tap.refused({ code: verdict.code, message: verdict.reason, facts: verdict.facts ?? {} });
  return verdict;
}
