/** The contract, served: one object per host, one connection per window, browser tab or CLI, whatever the wire. */
import type { CallInput, CallName, CallOutput } from '../../shared/contract/calls.ts';
import type { HostMessage, Reply } from '../../shared/contract/wire.ts';

/** Who is at the other end of a wire. */
export interface Peer {
  /** Holds the host secret (the CLI): may stop the host and ask for window addresses. */
  readonly canAdminister: boolean;
  /** Sends one message. Returns false when the wire is congested: topics then keep only their newest state until `drained`. */
  send(message: HostMessage): boolean;
}

export interface ApiConnection {
  /** Takes one message as it came off the wire (already JSON-parsed); anything malformed is answered, never thrown. */
  receive(message: unknown): void;
  /** The wire can take messages again. */
  drained(): void;
  /** The peer is gone: its views, subscriptions and listeners close. */
  close(): void;
}

export interface Api {
  connect(peer: Peer): ApiConnection;
  /** For callers in the same process (tests, the desktop's menu); lives as long as the host. */
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<Reply<CallOutput<N>>>;
}
