/** Who calls: what a connection may do, and what it owns and gives back when it goes. */

export interface Caller {
  readonly id: string;
  /** Holds the host secret. */
  readonly canAdminister: boolean;
  /** Aborts when the connection closes. */
  readonly signal: AbortSignal;
  /** Runs when the connection closes, newest first. Returns the way to take it back. */
  onClose(release: () => void): () => void;
}

/** For the audit: a window and the command line are told apart, whoever sits before them is not. */
export function actorOf(caller: Caller): string {
  return caller.canAdminister ? 'command line' : 'window';
}
