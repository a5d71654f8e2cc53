/** Waits for an event, but not for ever, and leaves no listener behind: Node counts those, and says on our stderr when they are many. */
import type { EventEmitter } from 'node:events';

/** Resolves at the next `event`, or after `ms` without one. */
export function eventWithin(emitter: Pick<EventEmitter, 'once' | 'off'>, event: string, ms: number): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer);
      emitter.off(event, done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    emitter.once(event, done);
  });
}
