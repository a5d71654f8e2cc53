/** What happened to the gateway itself, in a sentence for the timeline and the list of changes. */
import type { GatewayEvent } from '../../shared/model/gateway-event.ts';

export interface EventSentence {
  /** `breaker`, `health`, `config` … */
  readonly kind: string;
  /** What it happened to: an instance, a tool, a file. */
  readonly subject: string;
  readonly text: string;
}

/** Undefined for what happens with every request, and is no change of state. */
export function eventSentence(event: GatewayEvent): EventSentence | undefined {
  switch (event.type) {
    case 'breaker': {
      const tool = event.tool === undefined ? '' : ` for ${event.tool}`;
      const wait = event.reopensAt === undefined ? '' : `; probed in ${Math.max(1, Math.round((event.reopensAt - event.at) / 1000))} s`;
      return { kind: 'breaker', subject: instanceOf(event), text: `breaker${tool} ${event.from} → ${event.to}: ${event.reason}${wait}` };
    }
    case 'health':
      return { kind: 'health', subject: instanceOf(event), text: `${event.isHealthy ? 'healthy again' : 'unhealthy'}: ${event.reason}` };
    case 'child':
      return event.what === 'started'
        ? undefined
        : { kind: 'child', subject: instanceOf(event), text: `process ${event.what}: ${event.reason}` };
    case 'pin':
      return event.what === 'first-seen'
        ? undefined
        : { kind: 'pin', subject: `${event.upstream ?? ''}/${event.tool}`, text: `definition ${event.what}: ${event.reason}` };
    case 'config':
      return { kind: 'config', subject: 'configuration', text: `${event.outcome}: ${event.reason}` };
    case 'admin':
      return { kind: 'admin', subject: event.target, text: `${event.action} by ${event.actor}` };
    case 'lifecycle':
      return { kind: 'lifecycle', subject: 'gateway', text: `${event.what}: ${event.reason}` };
    case 'session':
      return event.what === 'killed' || event.what === 'refused'
        ? { kind: 'session', subject: event.sessionId ?? '', text: `session ${event.what}: ${event.reason}` }
        : undefined;
    case 'exchange':
    case 'interception':
      return undefined;
  }
}

function instanceOf({ upstream = '', instance }: { readonly upstream?: string | undefined; readonly instance: string }): string {
  return `${upstream}/${instance}`;
}
