/** What one connection is subscribed to: messages with sequence numbers, and only the newest state while the wire is congested. */
import { z } from 'zod';
import { topics, type TopicName } from '../../shared/contract/topics.ts';
import type { HostMessage } from '../../shared/contract/wire.ts';
import { errorCodeOf, TrafficError } from '../../shared/errors/error-table.ts';
import type { Logger } from '../ports.ts';
import type { Caller } from '../publish/caller.ts';
import type { TopicHandlers } from '../publish/topic.ts';

/** More than any window needs; a client that leaks subscriptions is told so. */
const MAX_SUBSCRIPTIONS = 64;

interface Subscription {
  readonly id: number;
  seq: number;
  /** The newest message that the congested wire could not take; older ones are conflated into it. */
  waiting: unknown;
  isWaiting: boolean;
  readonly conflate: (older: unknown, newer: unknown) => unknown;
  stop: () => void;
}

export interface SubscriptionsDeps {
  readonly topicHandlers: TopicHandlers;
  readonly caller: Caller;
  readonly send: (message: HostMessage) => void;
  /** While it is, messages wait here; after it, `drained` is called. */
  readonly isCongested: () => boolean;
  readonly log: Logger;
}

export class Subscriptions {
  readonly #deps: SubscriptionsDeps;
  readonly #byId = new Map<number, Subscription>();

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  /** Never rejects: what cannot be subscribed to is told as closed. */
  async open(id: number, name: string, rawParams: unknown): Promise<void> {
    const { topicHandlers, caller, log } = this.#deps;
    if (!Object.hasOwn(topics, name)) return this.#refuse(id, 'BAD_CALL', `There is no topic "${name.slice(0, 60)}".`);
    if (this.#byId.has(id)) return this.#refuse(id, 'BAD_CALL', `Subscription ${id} exists already.`);
    if (this.#byId.size >= MAX_SUBSCRIPTIONS)
      return this.#refuse(id, 'BAD_CALL', `A connection holds at most ${MAX_SUBSCRIPTIONS} subscriptions.`);
    const topic = name as TopicName;
    const params = topics[topic].params.safeParse(rawParams ?? {});
    if (!params.success) return this.#refuse(id, 'BAD_CALL', `${name}: ${z.prettifyError(params.error)}`);
    const handler = topicHandlers[topic] as TopicHandlers['timeline'];
    const subscription: Subscription = {
      id,
      seq: 0,
      waiting: undefined,
      isWaiting: false,
      conflate: handler.conflate as Subscription['conflate'],
      stop: () => {},
    };
    this.#byId.set(id, subscription);
    const isOpen = () => this.#byId.get(id) === subscription;
    try {
      const stop = await handler.subscribe(params.data as never, caller, message => {
        if (isOpen()) this.#push(subscription, message);
      });
      // The peer may have unsubscribed or gone while the first snapshot was made.
      if (isOpen()) subscription.stop = stop;
      else stop();
    } catch (error) {
      this.#byId.delete(id);
      if (!(error instanceof TrafficError)) log.error('A topic failed by a defect', { topic: name, error: String(error) });
      this.#refuse(id, errorCodeOf(error), error instanceof TrafficError ? error.message : `${name} failed by a defect of ours.`);
    }
  }

  end(id: number): void {
    const subscription = this.#byId.get(id);
    this.#byId.delete(id);
    subscription?.stop();
  }

  /** The wire can take messages again: what waited is sent, until it is congested once more. */
  drained(): void {
    for (const subscription of this.#byId.values()) {
      if (!subscription.isWaiting || this.#deps.isCongested()) continue;
      const { waiting } = subscription;
      subscription.isWaiting = false;
      subscription.waiting = undefined;
      this.#push(subscription, waiting);
    }
  }

  close(): void {
    for (const subscription of this.#byId.values()) subscription.stop();
    this.#byId.clear();
  }

  #push(subscription: Subscription, message: unknown): void {
    if (this.#deps.isCongested()) {
      subscription.waiting = subscription.isWaiting ? subscription.conflate(subscription.waiting, message) : message;
      subscription.isWaiting = true;
      return;
    }
    subscription.seq += 1;
    this.#deps.send({ type: 'message', id: subscription.id, seq: subscription.seq, message });
  }

  #refuse(id: number, code: ReturnType<typeof errorCodeOf>, message: string): void {
    this.#deps.send({ type: 'closed', id, code, message });
  }
}
