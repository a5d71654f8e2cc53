/** One connection of the contract: its calls, its subscriptions, and what it owns. Knows no wire. */
import { ClientMessage, type HostMessage } from '../../shared/contract/wire.ts';
import type { Logger } from '../ports.ts';
import type { Caller } from '../publish/caller.ts';
import type { TopicHandlers } from '../publish/topic.ts';
import type { ApiConnection, Peer } from './api.ts';
import type { ServeCall } from './serve-calls.ts';
import { Subscriptions } from './subscriptions.ts';

/** More than any window needs; a client that floods calls is told so. */
const MAX_CALLS_IN_FLIGHT = 256;

export interface ConnectionDeps {
  readonly id: string;
  readonly serve: ServeCall;
  readonly topicHandlers: TopicHandlers;
  readonly log: Logger;
}

export function openConnection(peer: Peer, { id: callerId, serve, topicHandlers, log }: ConnectionDeps): ApiConnection {
  const gone = new AbortController();
  const releases = new Set<() => void>();
  let callsInFlight = 0;
  let isCongested = false;

  const caller: Caller = {
    id: callerId,
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
  const subscriptions = new Subscriptions({ topicHandlers, caller, send, isCongested: () => isCongested, log });

  const call = async (id: number, name: string, input: unknown) => {
    if (callsInFlight >= MAX_CALLS_IN_FLIGHT)
      return send({
        type: 'reply',
        id,
        reply: { ok: false, code: 'BAD_CALL', message: `A connection has at most ${MAX_CALLS_IN_FLIGHT} calls in flight.` },
      });
    callsInFlight += 1;
    const reply = await serve(name, input, caller);
    callsInFlight -= 1;
    send({ type: 'reply', id, reply });
  };

  return {
    receive(raw) {
      const { success, data: message } = ClientMessage.safeParse(raw);
      if (!success) return send({ type: 'closed', id: 0, code: 'BAD_CALL', message: 'That message is not of the contract.' });
      switch (message.type) {
        case 'call':
          void call(message.id, message.name, message.input);
          return;
        case 'subscribe':
          void subscriptions.open(message.id, message.topic, message.params);
          return;
        case 'unsubscribe':
          subscriptions.end(message.id);
      }
    },
    drained() {
      isCongested = false;
      subscriptions.drained();
    },
    close() {
      if (gone.signal.aborted) return;
      gone.abort();
      subscriptions.close();
      for (const release of [...releases].reverse()) release();
      releases.clear();
    },
  };
}
