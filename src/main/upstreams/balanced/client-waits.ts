/**
 * Which sessions wait for their client: a server asked something (sampling, elicitation, roots) and the answer has not come.
 * That time is the client's, or a person's, and is not counted against the server.
 */

/** Questions of one session that are remembered; a server that asks more at once keeps its clock running. */
const MAX_ASKED = 100;

interface Session {
  /** Calls under way: with the last one, what the server asked is of no interest any more, also if nobody ever answers it. */
  openCount: number;
  /** JSON texts of ids. */
  readonly asked: Set<string>;
}

export class ClientWaits {
  readonly #sessions = new Map<string, Session>();

  /** A call of the session began. A stream is none: it may be open for days, and has no clock that could be stopped. */
  opened(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) this.#sessions.set(sessionId, { openCount: 1, asked: new Set() });
    else session.openCount += 1;
  }

  /** It is over. */
  closed(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    session.openCount -= 1;
    if (session.openCount === 0) this.#sessions.delete(sessionId);
  }

  /** The server asked the client. */
  asked(sessionId: string, idText: string): void {
    const asked = this.#sessions.get(sessionId)?.asked;
    if (asked !== undefined && asked.size < MAX_ASKED) asked.add(idText);
  }

  /** The client answered. */
  answered(sessionId: string, idText: string): void {
    this.#sessions.get(sessionId)?.asked.delete(idText);
  }

  isWaiting(sessionId: string): boolean {
    const session = this.#sessions.get(sessionId);
    return session !== undefined && session.asked.size > 0;
  }
}
