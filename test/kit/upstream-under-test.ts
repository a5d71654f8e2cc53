/** A gateway's upstream with its retries, in front of scripted servers, without the listener and the guards before it. */
import type { BoundSession, Principal } from '../../src/main/pipeline/guard.ts';
import { compose } from '../../src/main/pipeline/compose.ts';
import type { ToolMeta } from '../../src/main/pipeline/tool-catalogue.ts';
import { type Clock, silentLogger, systemClock } from '../../src/main/ports.ts';
import { forward } from '../../src/main/stages/forward.ts';
import { retry } from '../../src/main/stages/retry.ts';
import { Departure } from '../../src/main/support/departure.ts';
import { guardedUpstream, type GuardedUpstream, type UpstreamMaterial } from '../../src/main/upstreams/balanced/guarded-upstream.ts';
import { httpInstance } from '../../src/main/upstreams/http-instance.ts';
import type { UpstreamTls } from '../../src/main/upstreams/http-pool.ts';
import type { ConnectInstance } from '../../src/main/upstreams/instance-connection.ts';
import { UpstreamConfig } from '../../src/shared/config/schema.ts';
import { TrafficError } from '../../src/shared/errors/error-table.ts';
import type { GatewayEvent, GatewayEventOf } from '../../src/shared/model/gateway-event.ts';
import type { InstanceState } from '../../src/shared/model/gateway-state.ts';
import { anExchange } from './an-exchange.ts';
import type { Answer, Guarded } from './exchange-types.ts';
import type { z } from 'zod';

export type ConfigWish = Partial<z.input<typeof UpstreamConfig>>;

export interface Wish {
  readonly method?: string;
  readonly rawHeaders?: readonly string[];
  readonly path?: string;
  /** A JSON-RPC method, or a whole body. */
  readonly rpc?: string;
  readonly tool?: string;
  readonly id?: number;
  readonly body?: unknown;
  readonly session?: Partial<BoundSession>;
  readonly principal?: Principal;
  readonly clientName?: string;
  readonly departure?: Departure;
  readonly era?: 'modern';
}

/** What became of a request. */
export interface Outcome {
  readonly exchange: Guarded;
  readonly tried: readonly string[];
  /** 0 where there was no answer head. */
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly text: string;
  readonly error: TrafficError | undefined;
}

export interface Open extends AsyncDisposable {
  readonly upstream: GuardedUpstream;
  readonly events: GatewayEvent[];
  exchange(wish: Wish): Guarded;
  /** Through retry and forward; rejects as they do. */
  send(exchange: Guarded): Promise<Answer>;
  /** The whole answer, or the failure. */
  ask(wish: Wish): Promise<Outcome>;
  breakers(): GatewayEventOf<'breaker'>[];
  instance(id: string): InstanceState;
  config(wish: ConfigWish): UpstreamConfig;
}

export interface OpenOptions extends UpstreamMaterial {
  readonly config?: ConfigWish;
  readonly tls?: UpstreamTls;
  readonly connect?: ConnectInstance;
  readonly meta?: (tool: string) => ToolMeta | undefined;
  readonly random?: () => number;
  readonly clock?: Clock;
}

/** Instances are named a, b, c … in the order of their URLs. Health checks are off unless asked for. */
export function openUpstream(urls: readonly string[], options: OpenOptions = {}): Open {
  const { config: wished = {}, tls = {}, meta = () => undefined, random = () => 0.5, clock = systemClock, ...material } = options;
  const instances = urls.map((url, at) => ({ id: String.fromCharCode(97 + at), url }));
  const parse = (wish: ConfigWish) => UpstreamConfig.parse({ instances, health: { kind: 'none' }, affinity: 'none', ...wish });
  const events: GatewayEvent[] = [];
  let config = parse(wished);
  const upstream = guardedUpstream({
    name: 'test',
    config,
    connect: ({ url }, { pool, timeouts }) => httpInstance({ url: url ?? '', config: { pool, timeouts }, tls, clock, log: silentLogger }),
    clock,
    log: silentLogger,
    emit: event => events.push(event),
    random,
    ...material,
  });
  const stages = compose([
    retry({ configFor: () => config.retries, catalogue: { meta: (_, tool) => meta(tool) }, clock, random }),
    forward(),
  ]);
  const send = async (exchange: Guarded) => {
    const verdict = await stages(exchange);
    if (verdict.kind !== 'answer') throw new Error('refused');
    return verdict.answer;
  };
  const exchange = (wish: Wish) => guardedExchange(upstream, wish);
  return {
    upstream,
    events,
    exchange,
    send,
    async ask(wish) {
      const asked = exchange(wish);
      return { exchange: asked, tried: asked.guard.journey.tried, ...(await outcomeOf(send(asked))) };
    },
    breakers: () => events.filter(event => event.type === 'breaker'),
    instance(id) {
      const found = upstream.state().instances.find(one => one.id === id);
      if (found === undefined) throw new Error(`No instance ${id}`);
      return found;
    },
    config(wish) {
      config = parse(wish);
      return config;
    },
    [Symbol.asyncDispose]: () => upstream.close(),
  };
}

/** Reads an answer to its end, or to where it broke off. */
export async function outcomeOf(sent: Promise<Answer>): Promise<Pick<Outcome, 'status' | 'rawHeaders' | 'text' | 'error'>> {
  try {
    const { status, rawHeaders, body } = await sent;
    let text = '';
    const error = await new Promise<TrafficError | undefined>(resolve => {
      body.start({
        data(chunk) {
          text += Buffer.from(chunk).toString();
          return true;
        },
        end: () => resolve(undefined),
        fail: resolve,
      });
    });
    return { status, rawHeaders, text, error };
  } catch (error) {
    if (!(error instanceof TrafficError)) throw error;
    return { status: 0, rawHeaders: [], text: '', error };
  }
}

function guardedExchange(upstream: GuardedUpstream, wish: Wish): Guarded {
  const { method = 'POST', rawHeaders, path, departure = new Departure(), session, principal, clientName } = wish;
  const body = method === 'POST' ? (wish.body ?? message(wish)) : undefined;
  const made = anExchange({
    method,
    ...(path === undefined ? {} : { path }),
    ...(rawHeaders === undefined ? {} : { rawHeaders }),
    ...(body === undefined ? {} : { body }),
    route: { upstream: 'test' },
  });
  return {
    ...made,
    route: { ...made.route, upstream },
    departure,
    guard: {
      ...made.guard,
      ...(principal === undefined ? {} : { principal }),
      ...(clientName === undefined ? {} : { client: { ...made.guard.client, name: clientName } }),
      ...(session === undefined
        ? {}
        : {
            session: {
              id: 'session-1',
              principalId: 'anonymous',
              instanceId: 'a',
              upstreamSessionId: 'theirs-1',
              protocolVersion: '2025-11-25',
              ...session,
            },
          }),
    },
  };
}

function message({ rpc = 'tools/list', tool, id = 1, era }: Wish): unknown {
  const meta = era === 'modern' ? { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } } : {};
  const params = tool === undefined ? meta : { name: tool, arguments: {}, ...meta };
  return { jsonrpc: '2.0', id, method: tool === undefined ? rpc : 'tools/call', params };
}

/** Waits until it is so; fails after `limitMs`, which is for what never comes and says nothing about how soon it should. */
export async function until(isSo: () => boolean, limitMs = 20_000): Promise<void> {
  const startedAt = performance.now();
  while (!isSo()) {
    if (performance.now() - startedAt > limitMs) throw new Error(`Not within ${limitMs} ms: ${isSo.toString()}`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
