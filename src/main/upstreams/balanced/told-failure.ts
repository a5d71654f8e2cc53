/** Failures as clients learn them: with the upstream's name, and whether the call may have had effects. */
import { TrafficError, type ErrorCode } from '../../../shared/errors/error-table.ts';

/** Our own failures that say nothing about a call. */
const untold = new Set<ErrorCode>(['CANCELLED', 'INTERNAL', 'SHUTTING_DOWN']);
/** Where these are thrown without saying more, the request had left. */
const afterSending = new Set<ErrorCode>(['UPSTREAM_BROKE', 'UPSTREAM_TIMEOUT']);

/** The same failure with the facts that are missing. What was not thrown on purpose stays what it is. */
export function toldFailure(error: unknown, upstream: string): unknown {
  if (!(error instanceof TrafficError) || untold.has(error.code)) return error;
  const { code, message, facts } = error;
  return new TrafficError(code, message, {
    cause: error.cause ?? error,
    facts: { may_have_executed: afterSending.has(code) && facts['phase'] !== 'connect', ...facts, upstream },
  });
}

/** What a failure of `send` says about the instance. */
export type Blame =
  /** Nothing: we or the client ended it. */
  | { readonly kind: 'none' }
  /** `isRefused`: nobody listens there at all. `wasSent`: the request may have been read. */
  | { readonly kind: 'failure'; readonly reason: string; readonly isRefused: boolean; readonly wasSent: boolean };

export function blameOf(error: unknown): Blame {
  if (!(error instanceof TrafficError)) return { kind: 'none' };
  switch (error.code) {
    case 'UPSTREAM_DOWN':
      return { kind: 'failure', reason: error.message, isRefused: causeCode(error) === 'ECONNREFUSED', wasSent: false };
    case 'UPSTREAM_TIMEOUT':
      return { kind: 'failure', reason: error.message, isRefused: false, wasSent: error.facts['phase'] !== 'connect' };
    case 'UPSTREAM_BROKE':
      return { kind: 'failure', reason: error.message, isRefused: false, wasSent: true };
    default:
      return { kind: 'none' };
  }
}

function causeCode({ cause }: TrafficError): unknown {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}
