/** The numbers and the newest changes that the live view of a gateway begins with. */
import type { GatewayEvent } from '../../shared/model/gateway-event.ts';
import type { GatewayStatus } from '../../shared/model/gateway-state.ts';
import { eventSentence } from './event-sentence.ts';

const MAX_CHANGES = 50;
/** As many as a file may have; ids of earlier files go, those that were hit longest ago first. */
const MAX_POLICIES = 1000;

type Counters = { -readonly [K in keyof Omit<GatewayStatus['counters'], 'inFlight' | 'openStreams'>]: number };

export class GatewayCounters {
  readonly counts: Counters = { requests: 0, refused: 0, failed: 0, unauthorized: 0, limited: 0, denied: 0, retries: 0 };
  /** Newest first. */
  readonly changes: GatewayStatus['changes'] = [];
  /** By id, the one hit last at the end. */
  readonly #policies = new Map<string, { readonly count: number; readonly lastAt: number }>();

  get policyHits(): GatewayStatus['policyHits'] {
    return [...this.#policies].map(([policyId, hits]) => ({ policyId, ...hits }));
  }

  observe(event: GatewayEvent): void {
    if (event.type === 'exchange') {
      this.#count(event);
      for (const { stage, id } of event.decisions)
        if (stage === 'apply-policy' && id !== undefined && id !== 'default') this.#hit(id, event.at);
      return;
    }
    const change = eventSentence(event);
    if (change === undefined) return;
    this.changes.unshift({ at: event.at, kind: event.type, ...change });
    if (this.changes.length > MAX_CHANGES) this.changes.pop();
  }

  #count({ outcome, code, attempts }: Extract<GatewayEvent, { type: 'exchange' }>): void {
    const { counts } = this;
    counts.requests += 1;
    counts.retries += Math.max(0, attempts - 1);
    if (outcome === 'refused') counts.refused += 1;
    else if (outcome === 'failed') counts.failed += 1;
    if (code === 'UNAUTHORIZED' || code === 'INSUFFICIENT_SCOPE') counts.unauthorized += 1;
    else if (code === 'LIMITED') counts.limited += 1;
    else if (code === 'DENIED') counts.denied += 1;
  }

  #hit(id: string, at: number): void {
    const count = (this.#policies.get(id)?.count ?? 0) + 1;
    this.#policies.delete(id);
    this.#policies.set(id, { count, lastAt: at });
    const [oldest] = this.#policies.keys();
    if (this.#policies.size > MAX_POLICIES && oldest !== undefined) this.#policies.delete(oldest);
  }
}
