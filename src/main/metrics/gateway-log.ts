/** Writes one line for each exchange and for each event of the gateway: what, for whom by id, how long, why. No payloads. */
import type { GatewayEvent, GatewayEventOf } from '../../shared/model/gateway-event.ts';
import type { ComponentLogs, Logger } from '../ports.ts';

/**
 * An observer of events. Components: `access` for exchanges, `upstream`, `policy`, `config` and `gateway` for the rest. What the
 * guards found about an exchange is one line more for each of them, under `auth`, `policy` or `limits`, for who asks for `debug`.
 */
export function gatewayLog(logs: Pick<ComponentLogs, 'of'>): (event: GatewayEvent) => void {
  const access = logs.of('access');
  const guards = { auth: logs.of('auth'), policy: logs.of('policy'), limits: logs.of('limits') };
  const byComponent = { upstream: logs.of('upstream'), policy: logs.of('policy'), config: logs.of('config'), gateway: logs.of('gateway') };
  return event => {
    if (event.type === 'exchange') {
      exchangeLine(access, event);
      guardLines(guards, event);
      return;
    }
    const { component, level, message, facts } = eventLine(event);
    byComponent[component][level](message, { ...where(event), ...facts });
  };
}

interface EventLine {
  readonly component: 'upstream' | 'policy' | 'config' | 'gateway';
  readonly level: 'debug' | 'info' | 'warn';
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What somebody should look at is a warning; the rest is for the record. */
const warnIf = (isTrouble: boolean) => (isTrouble ? 'warn' : 'info');

function eventLine(event: Exclude<GatewayEvent, { type: 'exchange' }>): EventLine {
  switch (event.type) {
    case 'breaker': {
      const { instance, tool, from, to, reason } = event;
      const facts = { instance, tool, from, to, reason };
      return { component: 'upstream', level: warnIf(to === 'open'), message: 'A circuit breaker changed', facts };
    }
    case 'health': {
      const { instance, isHealthy, reason } = event;
      const message = isHealthy ? 'An instance is healthy again' : 'An instance is unhealthy';
      return { component: 'upstream', level: warnIf(!isHealthy), message, facts: { instance, reason } };
    }
    case 'child': {
      const { instance, what, reason, pid } = event;
      return {
        component: 'upstream',
        level: warnIf(what === 'refused'),
        message: `Child process ${what}`,
        facts: { instance, pid, reason },
      };
    }
    case 'session':
      return { component: 'gateway', level: 'info', message: `Session ${event.what}`, facts: { reason: event.reason } };
    case 'pin': {
      const { tool, what, reason } = event;
      const level = what === 'first-seen' ? 'debug' : 'warn';
      return { component: 'policy', level, message: `Definition of a tool ${what}`, facts: { tool, reason } };
    }
    case 'config': {
      const { outcome, hash, reason } = event;
      return { component: 'config', level: warnIf(outcome === 'rejected'), message: `Configuration ${outcome}`, facts: { hash, reason } };
    }
    case 'admin': {
      const { action, target, actor, reason } = event;
      return { component: 'gateway', level: 'info', message: 'An operator acted', facts: { action, target, actor, reason } };
    }
    case 'interception': {
      const { ruleId, action, reason } = event;
      return { component: 'policy', level: 'info', message: 'A rule acted', facts: { rule: ruleId, action, reason } };
    }
    case 'lifecycle':
      return { component: 'gateway', level: 'info', message: `The gateway is ${event.what}`, facts: { reason: event.reason } };
  }
}

function exchangeLine(log: Logger, event: GatewayEventOf<'exchange'>): void {
  const { httpMethod, method, target, path, status, outcome, code, reason, errorType, attempts, decisions } = event;
  const refusing = decisions.find(({ kind }) => kind === 'refused');
  // What the upstream or we are to blame for is worth a look; what a client did is not.
  log[outcome === 'failed' ? 'warn' : 'info'](`${httpMethod} ${method ?? path ?? event.route ?? ''}`.trim(), {
    ...where(event),
    method,
    target,
    path,
    status,
    outcome,
    total_ms: rounded(event.durationMs),
    upstream_ms: rounded(event.upstreamMs),
    overhead_ms: rounded(event.overheadMs),
    request_bytes: event.requestBytes,
    response_bytes: event.responseBytes,
    code,
    reason,
    refused_by: refusing === undefined ? undefined : [refusing.stage, refusing.id].filter(part => part !== undefined).join(':'),
    error_type: errorType,
    attempts: attempts > 1 ? attempts : undefined,
    trace_id: event.traceId,
    stream: event.isEventStream ? true : undefined,
  });
}

const componentOf: Readonly<Record<string, 'auth' | 'policy' | 'limits'>> = {
  authenticate: 'auth',
  'apply-policy': 'policy',
  'limit-ip': 'limits',
  'limit-rate': 'limits',
};

/** What merely passed says nothing that the line of the exchange does not. */
function guardLines(logs: Readonly<Record<'auth' | 'policy' | 'limits', Logger>>, event: GatewayEventOf<'exchange'>): void {
  for (const { stage, kind, id, tier, reason, version } of event.decisions) {
    const component = componentOf[stage];
    if (component === undefined || kind === 'passed') continue;
    logs[component].debug(`A guard decided: ${kind}`, { ...where(event), stage, id, tier, reason, version });
  }
}

/** Where there is no route, its name and its server's are empty. */
function where({ upstream, route, listener, sessionId, correlationId, principalId }: GatewayEvent): Record<string, unknown> {
  return {
    server: upstream === '' ? undefined : upstream,
    route: route === '' ? undefined : route,
    listener,
    session: sessionId,
    correlation_id: correlationId,
    principal: principalId,
  };
}

const rounded = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms * 1000) / 1000);
