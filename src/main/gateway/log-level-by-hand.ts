/** Levels of logs, as people and programs set them while the gateway runs. */
import type { LogLevel } from '../ports.ts';
import type { Gateway } from './gateway.ts';

/** Of one component, or of all without one. What happened until now is still logged at the level that was set then. */
export function setLogLevel({ observers, logs }: Gateway, component: string | undefined, level: LogLevel): void {
  observers.settle();
  logs.setLevel(component, level);
}
