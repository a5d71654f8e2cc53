/** What happened to the gateway itself, in a sentence for the timeline and the list of changes. */
import type { GatewayEvent, GatewayEventOf } from '../../shared/model/gateway-event.ts';

export interface EventSentence {
  /** What it happened to: an instance, a tool, a file. */
  readonly subject: string;
  readonly text: string;
}

/** Undefined for what happens with every request, and is no change of state. */
export function eventSentence(event: GatewayEvent): EventSentence | undefined {
  const say = sentences[event.type] as (event: GatewayEvent) => EventSentence | undefined;
  return say(event);
}

type Sentences = { readonly [T in GatewayEvent['type']]: (event: GatewayEventOf<T>) => EventSentence | undefined };

const sentences: Sentences = {
  breaker(event) {
    const tool = event.tool === undefined ? '' : ` for ${event.tool}`;
    const wait = event.reopensAt === undefined ? '' : `; probed in ${seconds(event.reopensAt - event.at)}`;
    return { subject: instanceOf(event), text: `breaker${tool} ${event.from} → ${event.to}: ${event.reason.replace(/\.$/, '')}${wait}` };
  },
  health: event => ({ subject: instanceOf(event), text: `${event.isHealthy ? 'healthy again' : 'unhealthy'}: ${event.reason}` }),
  child: event => (event.what === 'started' ? undefined : { subject: instanceOf(event), text: `process ${event.what}: ${event.reason}` }),
  pin: event =>
    event.what === 'first-seen'
      ? undefined
      : { subject: `${event.upstream ?? ''}/${event.tool}`, text: `definition ${event.what}: ${event.reason}` },
  config: event => ({ subject: 'configuration', text: `${event.outcome}: ${event.reason}` }),
  admin: event => ({ subject: event.target, text: `${event.action} by ${event.actor}` }),
  lifecycle: event => ({ subject: 'gateway', text: `${event.what}: ${event.reason}` }),
  session: event =>
    event.what === 'killed' || event.what === 'refused'
      ? { subject: event.sessionId ?? '', text: `session ${event.what}: ${event.reason}` }
      : undefined,
  exchange: () => undefined,
  interception: () => undefined,
};

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${Math.round(ms / 1000)} s`;
}

function instanceOf({ upstream = '', instance }: { readonly upstream?: string | undefined; readonly instance: string }): string {
  return `${upstream}/${instance}`;
}
