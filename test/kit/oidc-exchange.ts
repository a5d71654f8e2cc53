/** Exchanges for the authenticate stage: a guarded request with the credentials that a test is about. */
import { RouteConfig, ListenerConfig } from '../../src/shared/config/schema.ts';
import { factsOf } from '../../src/shared/mcp/facts.ts';
import type { Decision } from '../../src/shared/model/gateway-event.ts';
import { anonymous, type GuardedRoute, type Principal } from '../../src/main/pipeline/guard.ts';
import type { Exchange, Stage, Verdict } from '../../src/main/pipeline/stage.ts';
import type { Clock } from '../../src/main/ports.ts';
import type { ReadMessage } from '../../src/main/traffic/sighting.ts';

/** Stands still until it is told to go on. */
export class TestClock implements Clock {
  at = Date.now();
  now(): number {
    return this.at;
  }
  monotonicUs(): number {
    return this.at * 1000;
  }
  advance(ms: number): void {
    this.at += ms;
  }
}

export interface AskOptions {
  readonly headers?: readonly string[];
  readonly path?: string;
  readonly route?: Partial<RouteConfig>;
  readonly hasAuth?: boolean;
  /** Tools that the body calls. */
  readonly calls?: readonly string[];
}

export interface Outcome {
  readonly verdict: Verdict;
  /** What the next stage saw; undefined when it was not reached. */
  readonly principal: Principal | undefined;
  readonly decisions: readonly Decision[];
  /** `WWW-Authenticate`, where there is one. */
  readonly challenge: string | undefined;
}

export const aListener = (
  auth: Record<string, unknown> | undefined,
  routes: readonly object[] = [{ path: '/mcp/github', upstream: 'github' }],
) => ListenerConfig.parse({ name: 'main', publicUrl: 'https://gw.example', routes, ...(auth === undefined ? {} : { auth }) });

/** Sends one request through the stage; the next stage answers. */
export async function ask(stage: Stage, options: AskOptions = {}): Promise<Outcome> {
  const decisions: Decision[] = [];
  let principal: Principal | undefined;
  const verdict = await stage.handle(anExchange(options, decisions), exchange => {
    principal = exchange.guard?.principal;
    return Promise.resolve({
      kind: 'answer',
      answer: { status: 200, statusText: 'OK', rawHeaders: [], body: { start() {}, resume() {}, abort() {} } },
    });
  });
  const fields = verdict.kind === 'refuse' ? (verdict.rawHeaders ?? []) : [];
  return { verdict, principal, decisions, challenge: fields[fields.indexOf('WWW-Authenticate') + 1] };
}

function anExchange(options: AskOptions, decisions: Decision[]): Exchange {
  const config = RouteConfig.parse({ path: '/mcp/github', upstream: 'github', ...options.route });
  const route: GuardedRoute = { ...config, listener: 'main', hasAuth: options.hasAuth ?? true };
  const items = (options.calls ?? []).map((name, at): ReadMessage => {
    const message = { kind: 'request' as const, idText: String(at), method: 'tools/call', params: { name } };
    return { message, facts: factsOf(message) };
  });
  return {
    id: 'x1',
    startedAt: 0,
    request: {
      method: 'POST',
      path: options.path ?? config.path,
      rawHeaders: options.headers ?? [],
      body: { kind: 'none' },
      idText: () => '1',
    },
    guard: {
      correlationId: 'c0ffee00',
      route,
      client: { peerIp: '127.0.0.1', ip: '127.0.0.1' },
      items,
      isBatch: items.length > 1,
      isUnreadable: false,
      era: 'legacy',
      principal: anonymous,
      decisions,
      answerHeaders: [],
      journey: { tried: [] },
    },
  } as unknown as Exchange;
}
