/** Changes of state as rows of the timeline, beside the calls that caused them: one recorded session per upstream, opened when there is something to say. */
import type { GatewayEvent } from '../../shared/model/gateway-event.ts';
import type { Clock } from '../ports.ts';
import type { Conversation } from '../traffic/conversation.ts';
import type { Conversations } from '../traffic/conversations.ts';
import { eventSentence } from './event-sentence.ts';

const shownKinds = new Set(['breaker', 'health', 'child', 'pin']);

export class TimelineNotes {
  readonly #deps: { readonly conversations: Conversations; readonly clock: Clock };
  readonly #byUpstream = new Map<string, Conversation>();

  constructor(deps: { readonly conversations: Conversations; readonly clock: Clock }) {
    this.#deps = deps;
  }

  observe(event: GatewayEvent): void {
    if (event.upstream === undefined || !shownKinds.has(event.type)) return;
    const sentence = eventSentence(event);
    if (sentence === undefined) return;
    const bytes = Buffer.from(`${sentence.subject}: ${sentence.text}`);
    this.#of(event.upstream).note({
      direction: 'fromServer',
      delivery: 'lifecycle',
      at: event.at,
      monotonicUs: this.#deps.clock.monotonicUs(),
      body: { bytes, sizeBytes: bytes.length, isTruncated: false },
    });
  }

  close(): void {
    const { conversations, clock } = this.#deps;
    for (const { id } of this.#byUpstream.values()) conversations.end(id, { at: clock.now(), reason: 'the gateway stopped' });
    this.#byUpstream.clear();
  }

  #of(upstream: string): Conversation {
    const known = this.#byUpstream.get(upstream);
    if (known !== undefined && !known.isEnded) return known;
    const opened = this.#deps.conversations.open({
      transport: 'streamable-http',
      clientName: 'gateway',
      serverName: upstream,
      upstream: `state of ${upstream}`,
    });
    this.#byUpstream.set(upstream, opened);
    return opened;
  }
}
