/** What a guarded exchange carries besides its request: who asks, over which route, what the body says, and what the stages found. */
import type { RouteConfig } from '../../shared/config/schema.ts';
import type { Era } from '../../shared/mcp/facts.ts';
import type { Decision } from '../../shared/model/gateway-event.ts';
import type { ReadMessage } from '../traffic/sighting.ts';
import type { LimitStanding } from './limits/limit-headers.ts';

/** Who asks, as authentication found it. */
export interface Principal {
  readonly kind: 'token' | 'api-key' | 'certificate' | 'anonymous';
  /** Stable and safe to log: a hash of issuer and subject, `key:ID`, or `anonymous`. The `user` tier counts by it. */
  readonly id: string;
  readonly sub?: string;
  readonly iss?: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  /** The client's token, for an RFC 8693 exchange and nothing else: it never goes upstream, into a log or the record. */
  readonly token?: string;
}

export const anonymous: Principal = { kind: 'anonymous', id: 'anonymous', scopes: [], roles: [], claims: {} };

/** A route of a listener, with what its stages need of the listener itself. */
export interface GuardedRoute extends RouteConfig {
  readonly listener: string;
  /** The listener has `auth`. */
  readonly hasAuth: boolean;
  /** Header of the listener that carries API keys, lower case; its value is a credential wherever it is seen. */
  readonly keyHeader?: string;
}

/** A session of the legacy era that the client proved by its sealed id. */
export interface BoundSession {
  /** Ours, random; the `session` tier counts by it. */
  readonly id: string;
  /** Whose session it is (`Principal.id`). */
  readonly principalId: string;
  /** The instance that answered `initialize`. */
  readonly instanceId: string;
  /** The upstream's own id; empty where it gave none. */
  readonly upstreamSessionId: string;
  /** Protocol version that the client says since the handshake; the one that it asked for there where it says none. */
  readonly protocolVersion: string;
}

/** The client's address and name, as far as they are known. */
export interface GuardClient {
  /** Address of the socket; empty over stdio. */
  readonly peerIp: string;
  /** `peerIp`, or the right-most untrusted hop of X-Forwarded-For. */
  readonly ip: string;
  readonly name?: string;
  readonly version?: string;
  /** Of the client certificate that the TLS handshake verified. */
  readonly certificate?: { readonly subject: string; readonly fingerprint: string };
}

/** Goes with an `Exchange` on guarded routes. Stages hand changed copies on; the three lists are shared by all copies. */
export interface Guard {
  readonly correlationId: string;
  readonly route: GuardedRoute;
  readonly client: GuardClient;
  /** The messages of the body: one, the elements of a batch, or none (GET, DELETE, an empty body). */
  readonly items: readonly ReadMessage[];
  readonly isBatch: boolean;
  /** The body is no JSON-RPC: refused by `validate`. */
  readonly isUnreadable: boolean;
  readonly era: Era;
  /** Set by `authenticate`; `anonymous` where the listener has no auth. */
  readonly principal: Principal;
  /** Set by `bind-session`. */
  readonly session?: BoundSession;
  /** What the stages found, in order. */
  readonly decisions: Decision[];
  /** Fields that go out with whatever answer there will be (RateLimit …), flat. */
  readonly answerHeaders: string[];
  /** What upstreams note on the way. */
  readonly journey: Journey;
}

/** Filled by inner stages, read by those around them. */
export interface Journey {
  /** `Principal.id` of whoever authenticated, also where its scopes did not suffice. */
  principalId?: string | undefined;
  /** Whoever was let in; for the record, which keeps a few of its words. */
  principal?: Principal | undefined;
  /** Of the session that the request was found to be in. */
  sessionId?: string | undefined;
  /** Where the limits stand, until the client is told. */
  standings?: LimitStanding[] | undefined;
  /** Instances that were tried, newest last. */
  readonly tried: string[];
  /** Monotonic µs when the request was handed to an instance. */
  sentUs?: number | undefined;
  /** Monotonic µs when the answer's head came. */
  answeredUs?: number | undefined;
  /** Called once when the request is first handed on; the record notes it then. */
  onSent?: (() => void) | undefined;
}
