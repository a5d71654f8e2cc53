/** What one listener of a configuration serves: its routes, its well-known documents, and a clear no for every other path. */
import type { BlockList } from 'node:net';
import type { ErrorCode, TrafficError } from '../../shared/errors/error-table.ts';
import type { ListenerConfig, RouteConfig } from '../../shared/config/schema.ts';
import { clientAddress, trustedProxies } from '../listeners/client-address.ts';
import { type DoorRules, isServedOrigin } from '../listeners/http-admission.ts';
import type { Serving } from '../listeners/http-door.ts';
import type { GuardRequest, Served } from '../listeners/http-exchange.ts';
import type { Guard, GuardClient, GuardedRoute } from '../pipeline/guard.ts';
import { correlationIdOf, makeGuard } from '../pipeline/make-guard.ts';
import type { Next, Upstream } from '../pipeline/stage.ts';
import type { Ids } from '../ports.ts';
import { fieldValue } from '../support/http-fields.ts';
import { peerOf } from './connection-peer.ts';
import { answerElsewhere, preflightAnswer } from './own-answers.ts';
import type { SessionsKeeper } from './sessions-keeper.ts';

export interface ServingDeps {
  readonly ids: Ids;
  /** All stages of a guarded route. */
  readonly pipeline: Next;
  /** `record → account → forward`: for what is answered before any guard (preflights, well-known documents, foreign callers). */
  readonly openPipeline: Next;
  /** For paths at which nothing is served, and what cannot be read: they count against the limits of an address. */
  readonly strayPipeline: Next;
  readonly upstreamFor: (name: string) => Upstream;
  /** JSON text of a well-known document, or undefined. */
  readonly wellKnown: (listener: ListenerConfig, path: string) => string | undefined;
  readonly isDraining: () => boolean;
  /** Idle sessions of the record end after this, ms. */
  readonly idleMs: number;
}

/** A listener's content, and the recorded sessions that belong to it. */
export interface ListenerServing {
  readonly serving: Serving;
  close(reason: string): void;
}

/** Routes whose entry is unchanged keep their recorded sessions through `previous`. */
export function listenerServing(config: ListenerConfig, deps: ServingDeps, sessionsOf: SessionsKeeper): ListenerServing {
  const trusted = trustedProxies(config.trustedProxies);
  const routes = config.routes.map(route => servedRoute(config, route, trusted, deps, sessionsOf));
  const elsewhere = servedElsewhere(config, trusted, deps, sessionsOf);
  return {
    serving: {
      door: doorRules(config),
      isDraining: deps.isDraining,
      find(path, method) {
        const found = routes.find(({ route }) => route.path === path || `${route.path}/` === path);
        if (found === undefined) return elsewhere(path);
        return method === 'OPTIONS' ? found.preflight : found.served;
      },
    },
    close: reason => sessionsOf.closeListener(config.name, reason),
  };
}

interface ServedRoute {
  readonly route: RouteConfig;
  readonly served: Served;
  readonly preflight: Served;
}

function servedRoute(
  config: ListenerConfig,
  route: RouteConfig,
  trusted: BlockList,
  deps: ServingDeps,
  sessionsOf: SessionsKeeper,
): ServedRoute {
  const guarded: GuardedRoute = { ...route, ...listenerFacts(config) };
  const sessions = sessionsOf.of({
    listener: config.name,
    key: route.path,
    serverName: route.upstream,
    upstream: `${config.name}${route.path}`,
    idleMs: deps.idleMs,
  });
  const guardFor = guardMaker(config, guarded, trusted, deps);
  const served: Served = {
    route: { name: route.upstream, transport: 'streamable-http', upstream: deps.upstreamFor(route.upstream), basePath: route.path },
    pipeline: deps.pipeline,
    refusedPipeline: refusedPipeline(deps),
    sessions,
    guarded: { maxBodyBytes: config.maxBody, guardFor },
  };
  return { route, served, preflight: { ...served, route: { ...served.route, upstream: preflightAnswer }, pipeline: deps.openPipeline } };
}

/** Paths that are no route: well-known documents, and a 404 that says which routes there are. */
function servedElsewhere(
  config: ListenerConfig,
  trusted: BlockList,
  deps: ServingDeps,
  sessionsOf: SessionsKeeper,
): (path: string) => Served {
  const nowhere: GuardedRoute = {
    path: '',
    upstream: '',
    refusal: 'http',
    scopes: [],
    stepUp: [],
    ...listenerFacts(config),
  };
  const sessions = sessionsOf.of({ listener: config.name, key: '', serverName: config.name, upstream: config.name, idleMs: deps.idleMs });
  const guarded = { maxBodyBytes: config.maxBody, guardFor: guardMaker(config, nowhere, trusted, deps) };
  const known = config.routes.map(({ path }) => path).join(', ');
  return path => {
    const document = deps.wellKnown(config, path);
    return {
      route: { name: config.name, transport: 'streamable-http', upstream: answerElsewhere(document, known), basePath: path },
      // Clients look for well-known documents at several addresses before they find one.
      pipeline: path.startsWith('/.well-known/') ? deps.openPipeline : deps.strayPipeline,
      refusedPipeline: refusedPipeline(deps),
      sessions,
      guarded,
    };
  };
}

const exposedFields =
  'Mcp-Session-Id, WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Correlation-Id';

/** A page that calls home must not use up the share of whoever opened it; while we stop, nobody is served anyhow. */
const freeRefusals = new Set<ErrorCode>(['FOREIGN_HOST', 'FOREIGN_ORIGIN', 'SHUTTING_DOWN']);

/** Nobody is free of limits who sends what cannot be read. */
function refusedPipeline({ openPipeline, strayPipeline }: ServingDeps): (refusal: TrafficError) => Next {
  return ({ code }) => (freeRefusals.has(code) ? openPipeline : strayPipeline);
}

function guardMaker(config: ListenerConfig, route: GuardedRoute, trusted: BlockList, { ids }: ServingDeps): (asked: GuardRequest) => Guard {
  const hasProxies = config.trustedProxies.length > 0;
  const client = (asked: GuardRequest): GuardClient => {
    const { socket, rawHeaders } = asked.request;
    const info = asked.conversation.clientInfo;
    const { peerIp, ip, certificate } = peerOf(socket);
    return {
      peerIp,
      ip: hasProxies ? clientAddress(peerIp, rawHeaders, trusted) : ip,
      ...(info === undefined ? {} : { name: info.name, version: info.version }),
      ...(certificate === undefined ? {} : { certificate }),
    };
  };
  const door = doorRules(config);
  return asked => {
    const { rawHeaders } = asked.request;
    const guard = makeGuard({
      correlationId: correlationIdOf(fieldValue(rawHeaders, 'x-correlation-id'), () => ids.next()),
      route,
      client: client(asked),
      text:
        asked.body === undefined
          ? undefined
          : Buffer.from(asked.body.buffer, asked.body.byteOffset, asked.body.byteLength).toString('utf8'),
      versionHeader: fieldValue(rawHeaders, 'mcp-protocol-version'),
    });
    const origin = fieldValue(rawHeaders, 'origin');
    if (origin !== undefined && isServedOrigin(origin, door))
      guard.answerHeaders.push('Access-Control-Allow-Origin', origin, 'Vary', 'Origin', 'Access-Control-Expose-Headers', exposedFields);
    return guard;
  };
}

function listenerFacts({ name, auth }: ListenerConfig): Pick<GuardedRoute, 'listener' | 'hasAuth' | 'keyHeader'> {
  return { listener: name, hasAuth: auth !== undefined, ...(auth === undefined ? {} : { keyHeader: auth.apiKeyHeader.toLowerCase() }) };
}

const anyAddress = new Set(['0.0.0.0', '::', '']);

function doorRules({ host, publicUrl, allowedHosts, allowedOrigins }: ListenerConfig): DoorRules {
  const url = publicUrl === undefined ? undefined : new URL(publicUrl);
  const own = url === undefined ? [] : [url.hostname];
  return {
    boundHost: host,
    hosts: new Set([...allowedHosts, ...own].map(name => name.toLowerCase())),
    origins: new Set([...allowedOrigins, ...(url === undefined ? [] : [url.origin])].map(origin => origin.toLowerCase())),
    servesAddresses: anyAddress.has(host),
  };
}
