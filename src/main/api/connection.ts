/** One connection of the contract: its calls, its subscriptions, and what it owns. Knows no wire. */
import { z } from 'zod';
import { topics, type TopicName } from '../../shared/contract/topics.ts';
import { ClientMessage, type HostMessage } from '../../shared/contract/wire.ts';
import { errorCodeOf, TrafficError } from '../../shared/errors/error-table.ts';
import type { Logger } from '../ports.ts';
import type { TopicHandlers } from '../publish/topic.ts';
import type { ApiConnection, Peer } from './api.ts';
import type { Caller } from '../publish/caller.ts';
import type { ServeCall } from './serve-calls.ts';

/** More than any window needs; a client that leaks subscriptions or floods calls is told so. */
const MAX_SUBSCRIPTIONS = 64;
const MAX_CALLS_IN_FLIGHT = 256;

interface Subscription {
  readonly id: number;
  seq: number;
  /** The newest message that the congested wire could not take; older ones are conflated into it. */
  waiting: unknown;
  isWaiting: boolean;
  readonly conflate: (older: unknown, newer: unknown) => unknown;
  stop: () => void;
}

export interface ConnectionDeps {
  readonly id: string;
  readonly serve: ServeCall;
  readonly topicHandlers: TopicHandlers;
  readonly log: Logger;
}

export function openConnection(peer: Peer, deps: ConnectionDeps): ApiConnection {
  const gone = new AbortController();
  const releases = new Set<() => void>();
  const subscriptions = new Map<number, Subscription>();
  let callsInFlight = 0;
  let isCongested = false;

  const caller: Caller = {
    id: deps.id,
    canAdminister: peer.canAdminister,
    signal: gone.signal,
    onClose(release) {
      releases.add(release);
      return () => releases.delete(release);
    },
  };

  const send = (message: HostMessage) => {
    if (gone.signal.aborted) return;
    isCongested = !peer.send(message);
  };

  const push = (subscription: Subscription, message: unknown) => {
    if (isCongested) {
      subscription.waiting = subscription.isWaiting ? subscription.conflate(subscription.waiting, message) : message;
      subscription.isWaiting = true;
      return;
    }
    subscription.seq += 1;
    send({ type: 'message', id: subscription.id, seq: subscription.seq, message });
  };

  const subscribe = async (id: number, name: string, rawParams: unknown) => {
    const refuse = (code: ReturnType<typeof errorCodeOf>, message: string) => send({ type: 'closed', id, code, message });
    if (!Object.hasOwn(topics, name)) return refuse('BAD_CALL', `There is no topic "${name.slice(0, 60)}".`);
    if (subscriptions.has(id)) return refuse('BAD_CALL', `Subscription ${id} exists already.`);
    if (subscriptions.size >= MAX_SUBSCRIPTIONS)
      return refuse('BAD_CALL', `A connection holds at most ${MAX_SUBSCRIPTIONS} subscriptions.`);
    const topic = name as TopicName;
    const params = topics[topic].params.safeParse(rawParams ?? {});
    if (!params.success) return refuse('BAD_CALL', `${name}: ${z.prettifyError(params.error)}`);
    const handler = deps.topicHandlers[topic] as TopicHandlers['timeline'];
    const subscription: Subscription = {
      id,
      seq: 0,
      waiting: undefined,
      isWaiting: false,
      conflate: handler.conflate as Subscription['conflate'],
      stop: () => {},
    };
    subscriptions.set(id, subscription);
    try {
      const stop = await handler.subscribe(params.data as never, caller, message => {
        if (subscriptions.get(id) === subscription) push(subscription, message);
      });
      // The peer may have unsubscribed or gone while the first snapshot was made.
      if (subscriptions.get(id) !== subscription) stop();
      else subscription.stop = stop;
    } catch (error) {
      subscriptions.delete(id);
      if (!(error instanceof TrafficError)) deps.log.error('A topic failed by a defect', { topic: name, error: String(error) });
      refuse(errorCodeOf(error), error instanceof TrafficError ? error.message : `${name} failed by a defect of ours.`);
    }
  };

  const call = async (id: number, name: string, input: unknown) => {
    if (callsInFlight >= MAX_CALLS_IN_FLIGHT)
      return send({
        type: 'reply',
        id,
        reply: { ok: false, code: 'BAD_CALL', message: `A connection has at most ${MAX_CALLS_IN_FLIGHT} calls in flight.` },
      });
    callsInFlight += 1;
    const reply = await deps.serve(name, input, caller);
    callsInFlight -= 1;
    send({ type: 'reply', id, reply });
  };

  return {
    receive(raw) {
      const message = ClientMessage.safeParse(raw);
      if (!message.success) {
        send({ type: 'closed', id: 0, code: 'BAD_CALL', message: 'That message is not of the contract.' });
        return;
      }
      switch (message.data.type) {
        case 'call':
          void call(message.data.id, message.data.name, message.data.input);
          return;
        case 'subscribe':
          void subscribe(message.data.id, message.data.topic, message.data.params);
          return;
        case 'unsubscribe': {
          const subscription = subscriptions.get(message.data.id);
          subscriptions.delete(message.data.id);
          subscription?.stop();
        }
      }
    },
    drained() {
      isCongested = false;
      for (const subscription of subscriptions.values()) {
        if (!subscription.isWaiting || isCongested) continue;
        const { waiting } = subscription;
        subscription.isWaiting = false;
        subscription.waiting = undefined;
        push(subscription, waiting);
      }
    },
    close() {
      if (gone.signal.aborted) return;
      gone.abort();
      for (const subscription of subscriptions.values()) subscription.stop();
      subscriptions.clear();
      for (const release of [...releases].reverse()) release();
      releases.clear();
    },
  };
}
