/** The outermost stage: notes what passes, refusals and our own failures included. It decides nothing, unless a record is required and fails. */
import type { Exchange, Next, Stage, Verdict } from '../pipeline/stage.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { HopTap } from './record/hop-tap.ts';
import type { RecordDeps } from './record/record-deps.ts';

/** Forwards first and notes second, so that recording adds nothing to the time a request needs. */
export function record(deps: RecordDeps): Stage {
  const handle = (exchange: Exchange, next: Next): Promise<Verdict> => {
    const tap = new HopTap(exchange, deps);
    const verdict = next(tap.exchange);
    tap.requestPassed();
    return verdict.then(
      decided => outcome(tap, decided),
      (error: unknown) => {
        if (exchange.departure.hasHappened) tap.clientLeft();
        else tap.broke(error);
        throw error;
      },
    );
  };
  return {
    name: 'record',
    handle(exchange, next) {
      const problem = deps.problem?.();
      if (problem !== undefined) return handle(withoutUpstream(exchange, problem), next);
      const wait = deps.pressure();
      return wait === undefined ? handle(exchange, next) : wait.then(() => handle(exchange, next));
    },
  };
}

/** Refused where it would be sent, so that it is authenticated, told and counted as all else. */
function withoutUpstream(exchange: Exchange, problem: string): Exchange {
  const reason = `What passes here has to be recorded, and cannot be now: ${problem}.`;
  const send = () => Promise.reject(new TrafficError('UNAVAILABLE', reason, { facts: { may_have_executed: false, retry_after_ms: 5000 } }));
  const upstream = { name: 'not recorded', send, close: () => Promise.resolve() };
  return { ...exchange, route: { ...exchange.route, upstream } };
}

function outcome(tap: HopTap, verdict: Verdict): Verdict {
  if (verdict.kind === 'answer') return { kind: 'answer', answer: tap.answered(verdict.answer) };
  const { code, reason, facts = {}, rawHeaders = [] } = verdict;
  tap.refused({ code, message: reason, facts, rawHeaders });
  return verdict;
}
