/** A topic whose message is a whole state that changes by itself (buckets refill, breakers wait): read again and again while somebody listens. */
import type { TopicMessage, TopicName } from '../../shared/contract/topics.ts';
import { newest, type TopicHandler } from './topic.ts';

/** Pushes a snapshot to each subscriber, then every state that differs from the one before. Nothing is read while nobody listens. */
export function stateTopic<N extends TopicName>(read: () => TopicMessage<N>, intervalMs: number): TopicHandler<N> {
  const listeners = new Set<(message: TopicMessage<N>) => void>();
  let timer: NodeJS.Timeout | undefined;
  let lastText = '';
  const look = () => {
    const message = read();
    const text = JSON.stringify(message);
    if (text === lastText) return;
    lastText = text;
    for (const listener of listeners) listener(message);
  };
  return {
    subscribe(_params, _caller, push) {
      const snapshot = read();
      push(snapshot);
      if (listeners.size === 0) lastText = JSON.stringify(snapshot);
      listeners.add(push);
      timer ??= setInterval(look, intervalMs).unref();
      return Promise.resolve(() => {
        listeners.delete(push);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      });
    },
    conflate: newest,
  };
}
