/**
 * The configuration of a gateway as one strict schema. Values are parsed to what the engine works with: durations are ms,
 * sizes are bytes, absent keys have their defaults. Secrets stay references (`${env:NAME}`, `${file:PATH}`, `${vault:NAME}`):
 * this object can be logged, exported and shown.
 */
import { z } from 'zod';
import { Duration, Size } from './units.ts';

/** What a guard does with what it finds: act, only count it, or not look. */
export const Mode = z.enum(['enforce', 'shadow', 'off']);
export type Mode = z.infer<typeof Mode>;

/** A secret by reference, or a literal (which `config check` warns of). */
export const Secret = z.string().min(1);

const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'Names have letters, digits, ".", "_" and "-", at most 64.');
const Port = z.number().int().min(0).max(65_535);
const Globs = z.array(z.string().min(1).max(200)).min(1).max(200);
const HttpUrl = z.url({ protocol: /^https?$/ });

const Tls = z.strictObject({
  /** PEM. */
  cert: Secret,
  key: Secret,
  clientCertificates: z.enum(['none', 'optional', 'required']).default('none'),
  /** PEM bundle that client certificates must chain to. */
  clientCa: Secret.optional(),
  /** Further certificates, chosen by the server name that the client asks for (SNI). */
  names: z.array(z.strictObject({ serverName: z.string().min(1), cert: Secret, key: Secret })).default([]),
});

const Introspection = z.strictObject({ endpoint: HttpUrl, clientId: z.string(), clientSecret: Secret });

export const IssuerConfig = z.strictObject({
  issuer: z.url(),
  audiences: z.array(z.string().min(1)).min(1),
  /** Found by the issuer's metadata (RFC 8414, OpenID Connect Discovery) when absent. */
  jwksUri: HttpUrl.optional(),
  /** RFC 7662, for opaque tokens. */
  introspection: Introspection.optional(),
  algorithms: z
    .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']))
    .min(1)
    .default(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']),
  rolesClaim: z.string().default('roles'),
});
export type IssuerConfig = z.output<typeof IssuerConfig>;

export const ApiKeyConfig = z.strictObject({
  id: Name,
  /** `sha256:` and the hash of the key in hexadecimal or base64url. */
  hash: z
    .string()
    .regex(/^sha256:(?:[0-9a-fA-F]{64}|[A-Za-z0-9_-]{43})$/, 'Write sha256: and the SHA-256 of the key in hexadecimal or base64url.'),
  roles: z.array(z.string()).default([]),
  scopes: z.array(z.string()).default([]),
});

export const AuthConfig = z.strictObject({
  /** `optional` lets requests without credentials through as anonymous; bad credentials are refused either way. */
  mode: z.enum(['strict', 'optional']).default('strict'),
  issuers: z.array(IssuerConfig).default([]),
  apiKeys: z.array(ApiKeyConfig).default([]),
  /** The header that carries an API key, besides `Authorization: Bearer`. It never leaves. */
  apiKeyHeader: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/)
    .default('X-API-Key'),
});
export type AuthConfig = z.output<typeof AuthConfig>;

export const RouteConfig = z.strictObject({
  path: z.string().regex(/^\/[^?#\s]*$/, 'A path begins with / and has no query.'),
  upstream: Name,
  /** How a refusal looks: HTTP status, 200 with the same body, or a tool result that the model reads. */
  refusal: z.enum(['http', 'in-band', 'tool-result']).default('http'),
  /** Scopes that every request on this route needs. */
  scopes: z.array(z.string()).default([]),
  /** Further scopes for some tools (step-up). */
  stepUp: z.array(z.strictObject({ tools: Globs, scopes: z.array(z.string()).min(1) })).default([]),
});
export type RouteConfig = z.output<typeof RouteConfig>;

export const ListenerConfig = z.strictObject({
  name: Name,
  host: z.string().default('127.0.0.1'),
  port: Port.default(7380),
  /** What clients dial; required with `auth`, because tokens are bound to it. */
  publicUrl: HttpUrl.optional(),
  /** Lets a listener without auth bind an address that others reach. */
  insecure: z.boolean().default(false),
  tls: Tls.optional(),
  /** Host names that are served, besides the local ones and that of `publicUrl`. */
  allowedHosts: z.array(z.string()).default([]),
  /** Origins of pages that may call, besides local ones and that of `publicUrl`. */
  allowedOrigins: z.array(z.string()).default([]),
  /** Addresses (CIDR) of proxies whose X-Forwarded-For is believed. */
  trustedProxies: z.array(z.string()).default([]),
  maxBody: Size.default(16 * 1024 * 1024),
  auth: AuthConfig.optional(),
  routes: z.array(RouteConfig).min(1),
});
export type ListenerConfig = z.output<typeof ListenerConfig>;

export const InstanceConfig = z
  .strictObject({
    id: Name,
    weight: z.number().int().min(0).max(1000).default(1),
    /** Takes part in nothing, but stays known. */
    disabled: z.boolean().default(false),
    url: HttpUrl.optional(),
    /** How the URL speaks: Streamable HTTP, or the HTTP+SSE of 2024-11-05. */
    transport: z.enum(['streamable-http', 'http-sse']).default('streamable-http'),
    command: z.string().min(1).optional(),
    args: z.array(z.string()).default([]),
    env: z.record(z.string(), Secret).default({}),
    cwd: z.string().optional(),
  })
  .refine(instance => (instance.url === undefined) !== (instance.command === undefined), 'An instance has either a url or a command.');
export type InstanceConfig = z.output<typeof InstanceConfig>;

const TokenClient = z.strictObject({
  tokenUrl: HttpUrl,
  clientId: z.string(),
  clientSecret: Secret,
  scope: z.string().optional(),
  /** RFC 8707. */
  resource: z.url().optional(),
  audience: z.string().optional(),
});

/** Our own credentials towards an upstream; exactly one kind. The client's are never used. */
export const CredentialsConfig = z.union([
  z.strictObject({ bearer: Secret }),
  z.strictObject({ header: z.strictObject({ name: z.string().regex(/^[A-Za-z0-9-]+$/), value: Secret }) }),
  z.strictObject({ clientCredentials: TokenClient }),
  /** RFC 8693: the client's token is exchanged for one of the upstream's. */
  z.strictObject({ tokenExchange: TokenClient }),
  /** The tokens of a person who signed in from the app. */
  z.strictObject({
    signIn: z.strictObject({
      /** Found by the upstream's protected resource metadata (RFC 9728) when absent. */
      issuer: z.url().optional(),
      clientId: z.string().optional(),
      clientSecret: Secret.optional(),
      /** URL of a Client ID Metadata Document, used where the server supports it. */
      clientIdDocument: HttpUrl.optional(),
      scope: z.string().optional(),
      resource: z.url().optional(),
      /** Metadata addresses may be private or plain http only where this is set. */
      allowPrivate: z.boolean().default(false),
    }),
  }),
]);
export type CredentialsConfig = z.output<typeof CredentialsConfig>;

export const HealthConfig = z.strictObject({
  kind: z.enum(['none', 'discover', 'initialize', 'http', 'tcp', 'process']).default('discover'),
  /** Of `kind: http`. */
  path: z.string().optional(),
  interval: Duration.default(10_000),
  timeout: Duration.default(2000),
  fall: z.number().int().min(1).default(3),
  rise: z.number().int().min(1).default(2),
  /** Interval while the state is changing. */
  fastInterval: Duration.default(2000),
});
export type HealthConfig = z.output<typeof HealthConfig>;

export const BreakerConfig = z.strictObject({
  enabled: z.boolean().default(true),
  consecutive: z.number().int().min(1).default(5),
  failureRate: z.number().gt(0).max(1).default(0.5),
  minimumCalls: z.number().int().min(1).default(20),
  window: Duration.default(30_000),
  open: Duration.default(5000),
  maxOpen: Duration.default(300_000),
  /** Consecutive opens are forgotten after this long closed. */
  forgetAfter: Duration.default(300_000),
  /** Successes in half-open that close it. */
  successes: z.number().int().min(1).default(3),
  slowStart: Duration.default(30_000),
  /** One breaker per tool as well. */
  perTool: z.boolean().default(false),
});
export type BreakerConfig = z.output<typeof BreakerConfig>;

export const BulkheadConfig = z.strictObject({
  maxConcurrent: z.number().int().min(1).default(100),
  maxQueue: z.number().int().min(0).default(200),
  queueTimeout: Duration.default(5000),
});
export type BulkheadConfig = z.output<typeof BulkheadConfig>;

const ToolTimeouts = z.strictObject({ firstByte: Duration.optional(), idle: Duration.optional(), total: Duration.optional() });
export const TimeoutsConfig = z.strictObject({
  connect: Duration.default(5000),
  firstByte: Duration.default(55_000),
  /** First byte of list methods. */
  listFirstByte: Duration.default(15_000),
  idle: Duration.default(120_000),
  total: Duration.default(600_000),
  /** By tool name, globs allowed. */
  tools: z.record(z.string(), ToolTimeouts).default({}),
});
export type TimeoutsConfig = z.output<typeof TimeoutsConfig>;

export const RetriesConfig = z.strictObject({
  attempts: z.number().int().min(1).max(10).default(3),
  /** Share of calls that may be retries. */
  budget: z.number().min(0).max(1).default(0.2),
  /** Tools that may be called twice, globs allowed. */
  tools: z.array(z.string()).default([]),
  /** Believe the server's readOnlyHint and idempotentHint. */
  trustAnnotations: z.boolean().default(false),
});
export type RetriesConfig = z.output<typeof RetriesConfig>;

const PoolConfig = z.strictObject({
  maxOpen: z.number().int().min(1).max(4096).default(1024),
  maxIdle: z.number().int().min(0).max(1024).default(256),
  idle: Duration.default(4000),
  lifetime: Duration.default(600_000),
});

const StdioConfig = z.strictObject({
  maxChildren: z.number().int().min(1).max(1000).default(100),
  idle: Duration.default(3_600_000),
  /** How long a child has to exit after its stdin closed, and again after SIGTERM. */
  stop: Duration.default(2000),
});

export const UpstreamConfig = z.strictObject({
  balance: z.enum(['round-robin', 'weighted-round-robin', 'least-connections', 'p2c', 'random']).default('round-robin'),
  /** `none`, `session`, or a CEL expression whose value is the key. */
  affinity: z.string().min(1).default('session'),
  instances: z.array(InstanceConfig).min(1).max(256),
  credentials: CredentialsConfig.optional(),
  health: HealthConfig.prefault({}),
  breaker: BreakerConfig.prefault({}),
  bulkhead: BulkheadConfig.prefault({}),
  timeouts: TimeoutsConfig.prefault({}),
  retries: RetriesConfig.prefault({}),
  pool: PoolConfig.prefault({}),
  stdio: StdioConfig.prefault({}),
  /** Certificates towards the upstream, PEM. */
  tls: z.strictObject({ ca: Secret.optional(), cert: Secret.optional(), key: Secret.optional() }).optional(),
  /** What a changed tool definition leads to. */
  pinning: z.enum(['off', 'warn', 'block', 'hold']).default('warn'),
});
export type UpstreamConfig = z.output<typeof UpstreamConfig>;

export const Match = z.strictObject({
  methods: Globs.optional(),
  /** Names of upstreams; of wrapped servers their `--name`. */
  servers: Globs.optional(),
  tools: Globs.optional(),
  prompts: Globs.optional(),
  resources: Globs.optional(),
  clients: Globs.optional(),
});
export type Match = z.output<typeof Match>;

const limitBase = {
  id: Name,
  tier: z.enum(['global', 'ip', 'user', 'session', 'endpoint']),
  match: Match.optional(),
  mode: Mode.default('enforce'),
  /** Most calls at once per key. */
  concurrency: z.number().int().min(1).optional(),
  /** What a call costs, by method or tool (globs); 1 otherwise. The most specific wins. */
  costs: z.record(z.string(), z.number().min(0).max(1_000_000)).default({}),
  exempt: z
    .strictObject({ addresses: z.array(z.string()).default([]), clients: z.array(z.string()).default([]), when: z.string().optional() })
    .optional(),
};
export const LimitConfig = z.discriminatedUnion('algorithm', [
  z.strictObject({
    ...limitBase,
    algorithm: z.literal('token-bucket'),
    capacity: z.number().min(1),
    refill: z.number().gt(0),
    per: Duration.default(60_000),
  }),
  z.strictObject({ ...limitBase, algorithm: z.literal('sliding-window'), limit: z.number().min(1), per: Duration.default(60_000) }),
]);
export type LimitConfig = z.output<typeof LimitConfig>;

export const PolicyConfig = z.strictObject({
  id: Name,
  effect: z.enum(['allow', 'deny', 'require', 'log']),
  match: Match.optional(),
  /** CEL; absent means true. */
  when: z.string().min(1).max(10_000).optional(),
  message: z.string().max(500).optional(),
  mode: Mode.default('enforce'),
});
export type PolicyConfig = z.output<typeof PolicyConfig>;

export const PolicyDefaults = z.strictObject({
  /** `allow` without auth, `deny` with it, unless said here. */
  effect: z.enum(['allow', 'deny']).optional(),
  onError: z.enum(['deny', 'allow']).default('deny'),
  hideDenied: z.boolean().default(true),
});
export type PolicyDefaults = z.output<typeof PolicyDefaults>;

const perMinute = (tier: string, refill: number, capacity: number) => ({
  id: `default-${tier}`,
  tier,
  algorithm: 'token-bucket' as const,
  capacity,
  refill,
  per: '1m',
});

/** What applies where the file says nothing of limits; an empty list switches them off. */
export const defaultLimits = [
  perMinute('global', 10_000, 1000),
  perMinute('ip', 500, 50),
  perMinute('user', 1000, 100),
  perMinute('session', 200, 20),
  perMinute('endpoint', 2000, 200),
];

export const Config = z.strictObject({
  version: z.literal(1),
  policyMode: Mode.default('enforce'),
  listeners: z.array(ListenerConfig).default([]),
  upstreams: z.record(Name, UpstreamConfig).default({}),
  limits: z
    .array(LimitConfig)
    .max(500)
    .prefault(defaultLimits as z.input<typeof LimitConfig>[]),
  policies: z.array(PolicyConfig).max(1000).default([]),
  defaults: PolicyDefaults.prefault({}),
  /** Interception rules come with the workbench; a file may not hold any yet. */
  rules: z.array(z.never()).default([]),
  sessions: z
    .strictObject({
      max: z.number().int().min(1).max(100_000).default(1000),
      idle: Duration.default(3_600_000),
      age: Duration.default(86_400_000),
      maxPending: z.number().int().min(1).max(100_000).default(1000),
      /** 32 bytes in base64 each, newest first: the first seals, all open. Made and kept in the data directory when absent. */
      keys: z.array(Secret).max(2).default([]),
    })
    .prefault({}),
  recording: z
    .strictObject({
      required: z.boolean().default(false),
      retention: z.strictObject({ maxAge: Duration.default(30 * 86_400_000), maxSize: Size.default(2 * 1024 ** 3) }).prefault({}),
    })
    .prefault({}),
  admin: z
    .strictObject({
      enabled: z.boolean().default(true),
      host: z.string().default('127.0.0.1'),
      port: Port.default(7391),
      /** Bearer token of the admin calls (not of health and metrics); needed to bind another address than loopback. */
      token: Secret.optional(),
    })
    .prefault({}),
  audit: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Argument values as they are; without it only their digest. */
      arguments: z.boolean().default(false),
      maxFile: Size.default(64 * 1024 ** 2),
      maxFiles: z.number().int().min(1).max(1000).default(10),
    })
    .prefault({}),
  logging: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
      format: z.enum(['json', 'text']).default('json'),
      /** By component: gateway, auth, limits, policy, upstream, config, access. */
      levels: z.record(z.string(), z.enum(['debug', 'info', 'warn', 'error', 'silent'])).default({}),
    })
    .prefault({}),
  shutdown: z.strictObject({ readyDelay: Duration.default(5000), finish: Duration.default(25_000) }).prefault({}),
});
export type Config = z.output<typeof Config>;
/** As it stands in a file. */
export type ConfigInput = z.input<typeof Config>;
