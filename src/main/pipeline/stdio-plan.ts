/** What the guards have to say about a wrapped stdio server; the shim hub asks, the gateway answers. */
import type { Decision } from '../../shared/model/gateway-event.ts';
import type { Exchange, Next } from './stage.ts';

/** How frames of one wrapped session are treated. Changes with the configuration. */
export interface StdioPlan {
  /** False: nothing can apply, frames pass at once and are only recorded. */
  readonly isActive: boolean;
  /** An enforced deny or require may apply: without the hub such a session refuses instead of going on. */
  readonly isClosedOnLoss: boolean;
  /** Runs the guard stages around `upstream` for one message of the client: apply-policy, limit-rate, in that order. */
  readonly run: Next;
  /** What the server says of its own accord is judged as well: some policy could be about it. */
  readonly judgesServer?: boolean;
  /** Judges a line with requests or notifications of the server. Throwing is a no. */
  judgeServer?(line: ServerLine): ServerRuling;
  /** Makes the guard of an exchange: identity, messages, decisions. */
  guardFor(line: { readonly text: string; readonly sessionId: string; readonly clientName: string }): Exchange['guard'];
}

export interface ServerLine {
  /** Undefined where the line is longer than can be looked at: it is judged by nothing then, and denied. */
  readonly text: string | undefined;
  readonly sessionId: string;
  readonly clientName: string;
}

export interface ServerRuling {
  /** Absent: it may pass. */
  readonly denied?: { readonly by: string; readonly reason: string; readonly correlationId: string };
  /** For the record of the line. */
  readonly decisions: readonly Decision[];
}

export interface StdioPlans {
  /** `serverName`: `--name`, else the name of the command. */
  planFor(serverName: string): StdioPlan;
  /** Called after every change of what `planFor` answers. */
  onChanged(listener: () => void): () => void;
}
