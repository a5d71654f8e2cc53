/** Passes each event to everyone who observes. Observers fail open: one that throws is logged and the others still hear. */
import type { EmitEvent, GatewayEvent } from '../../shared/model/gateway-event.ts';
import type { Logger } from '../ports.ts';

type Observer = (event: GatewayEvent) => void;

export interface EventHub {
  readonly emit: EmitEvent;
  /** Hears each event as it happens, while the request that caused it is still being served: for what costs next to nothing. */
  observe(name: string, observer: Observer): void;
  /**
   * Hears the events of a few milliseconds at once, in their order, an observer at a time. A request then does not wait for those
   * that ended before it, and what an observer touches stays in the caches of the processor: the same lines cost a third.
   */
  observeLater(name: string, observer: Observer): void;
  /** Tells those who hear later what they have not heard yet: before somebody reads what they made of it. */
  settle(): void;
}

const LATER_MS = 4;
/** As many events are told at once, however little time has passed. */
const MAX_WAITING = 200;

export function eventHub(log: Logger): EventHub {
  const atOnce = new Map<string, Observer>();
  const later = new Map<string, Observer>();
  let waiting: GatewayEvent[] = [];
  let timer: NodeJS.Timeout | undefined;

  const tell = (name: string, observer: Observer, event: GatewayEvent) => {
    try {
      observer(event);
    } catch (error) {
      log.warn('An observer failed; traffic is not affected', { observer: name, event: event.type, error: String(error) });
    }
  };
  const settle = () => {
    clearTimeout(timer);
    timer = undefined;
    const events = waiting;
    waiting = [];
    for (const [name, observer] of later) for (const event of events) tell(name, observer, event);
  };
  return {
    emit(event) {
      for (const [name, observer] of atOnce) tell(name, observer, event);
      waiting.push(event);
      // Changes of state are rare, and somebody may be looking for them.
      if (event.type !== 'exchange' || waiting.length >= MAX_WAITING) settle();
      else timer ??= setTimeout(settle, LATER_MS).unref();
    },
    observe: (name, observer) => void atOnce.set(name, observer),
    observeLater: (name, observer) => void later.set(name, observer),
    settle,
  };
}
