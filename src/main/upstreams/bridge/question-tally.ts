/** What became of the questions of servers behind bridges, by upstream; each is counted once, when it is over. */

/**
 * `answered` by the client, or in its place where a policy denied it; `client-gone`: by us, as nobody was there to hear it; `cancelled`
 * by the server itself; `refused`, as no client could be told; `lost`: with the process or stream over which it was asked.
 */
export type QuestionOutcome = 'answered' | 'client-gone' | 'cancelled' | 'refused' | 'lost';

/** Upstreams are named by configurations; a counter never goes back, so those that left one stay. */
const MAX_UPSTREAMS = 1000;

export class QuestionTally {
  readonly #counts = new Map<string, Map<QuestionOutcome, number>>();

  count(upstream: string, outcome: QuestionOutcome): void {
    let ofUpstream = this.#counts.get(upstream);
    if (ofUpstream === undefined) {
      if (this.#counts.size >= MAX_UPSTREAMS) return;
      this.#counts.set(upstream, (ofUpstream = new Map()));
    }
    ofUpstream.set(outcome, (ofUpstream.get(outcome) ?? 0) + 1);
  }

  get all(): readonly { readonly upstream: string; readonly outcome: string; readonly count: number }[] {
    return [...this.#counts].flatMap(([upstream, outcomes]) => [...outcomes].map(([outcome, count]) => ({ upstream, outcome, count })));
  }
}
