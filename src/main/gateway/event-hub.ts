/** Passes each event to everyone who observes. Observers fail open: one that throws is logged and the others still hear. */
import type { EmitEvent, GatewayEvent } from '../../shared/model/gateway-event.ts';
import type { Logger } from '../ports.ts';

export interface EventHub {
  readonly emit: EmitEvent;
  /** Returns the way to stop observing. */
  observe(name: string, observer: (event: GatewayEvent) => void): () => void;
}

export function eventHub(log: Logger): EventHub {
  const observers = new Map<string, (event: GatewayEvent) => void>();
  return {
    emit(event) {
      for (const [name, observer] of observers)
        try {
          observer(event);
        } catch (error) {
          log.warn('An observer failed; traffic is not affected', { observer: name, event: event.type, error: String(error) });
        }
    },
    observe(name, observer) {
      observers.set(name, observer);
      return () => observers.delete(name);
    },
  };
}
