/**
 * The configuration of a gateway as one strict schema. Values are parsed to what the engine works with: durations are ms,
 * sizes are bytes, absent keys have their defaults. Secrets stay references (`${env:NAME}`, `${file:PATH}`, `${vault:NAME}`):
 * this object can be logged, exported and shown. What a key means is its description, which the published JSON Schema carries.
 */
import { z } from 'zod';
import { Mode, Secret, Certificate, Name, HeaderName, Port, Globs, HttpUrl, Scopes } from './atoms.ts';
import { Duration, Size, Timespan } from './units.ts';
import { UpstreamConfig } from './upstream.ts';

export { Mode, Secret } from './atoms.ts';
export {
  InstanceConfig,
  CredentialsConfig,
  HealthConfig,
  BreakerConfig,
  BulkheadConfig,
  TimeoutsConfig,
  RetriesConfig,
  UpstreamConfig,
} from './upstream.ts';

const Tls = z.strictObject({
  cert: Certificate.describe('Certificate with its chain, PEM; usually ${file:…}.'),
  key: Secret.describe('Private key, PEM; usually ${file:…}.'),
  clientCertificates: z.enum(['none', 'optional', 'required']).default('none').describe('Whether clients are asked for a certificate.'),
  clientCa: Certificate.optional().describe('PEM bundle that client certificates must chain to.'),
  names: z
    .array(
      z.strictObject({
        serverName: z.string().min(1).describe('Name that the client asks for; *.example.org stands for one label.'),
        cert: Certificate.describe('Certificate for this name, PEM.'),
        key: Secret.describe('Private key for this name, PEM.'),
      }),
    )
    .max(100)
    .default([])
    .describe('Further certificates, chosen by the name that the client asks for (SNI).'),
});

const Introspection = z.strictObject({
  endpoint: HttpUrl.describe('Address that says whether a token is valid.'),
  clientId: z.string().min(1).describe('How the gateway signs in there.'),
  clientSecret: Secret.describe('Secret that goes with clientId.'),
});

export const IssuerConfig = z.strictObject({
  issuer: z.url().describe('Exactly the "iss" of the tokens.'),
  audiences: z.array(z.string().min(1)).min(1).max(100).describe('A token must name one of them in "aud".'),
  jwksUri: HttpUrl.optional().describe(
    "Where the keys are; found by the issuer's metadata (RFC 8414, OpenID Connect Discovery) when absent.",
  ),
  introspection: Introspection.optional().describe('Asks the issuer about tokens that are no JWT (RFC 7662).'),
  algorithms: z
    .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']))
    .min(1)
    .default(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'])
    .describe('Signatures that are accepted.'),
  rolesClaim: z.string().min(1).default('roles').describe("Claim that holds the principal's roles."),
});
export type IssuerConfig = z.output<typeof IssuerConfig>;

export const ApiKeyConfig = z.strictObject({
  id: Name.describe('Names the key in logs, limits and policies.'),
  hash: z
    .string()
    .regex(/^sha256:(?:[0-9a-fA-F]{64}|[A-Za-z0-9_-]{43})$/, 'Write sha256: and the SHA-256 of the key in hexadecimal or base64url.')
    .describe('sha256: and the hash of the key, in hexadecimal or base64url.'),
  roles: z.array(z.string().min(1)).max(200).default([]).describe('Roles of whoever holds the key.'),
  scopes: Scopes.default([]).describe('Scopes of whoever holds the key.'),
});

export const AuthConfig = z.strictObject({
  mode: z
    .enum(['strict', 'optional'])
    .default('strict')
    .describe('optional lets requests without credentials through as anonymous; bad credentials are refused either way.'),
  issuers: z.array(IssuerConfig).max(50).default([]).describe('Whose tokens are accepted.'),
  apiKeys: z.array(ApiKeyConfig).max(1000).default([]).describe('Keys that are accepted.'),
  apiKeyHeader: HeaderName.default('X-API-Key').describe('Header that carries an API key, besides Authorization: Bearer. It never leaves.'),
});
export type AuthConfig = z.output<typeof AuthConfig>;

export const RouteConfig = z.strictObject({
  path: z
    .string()
    .regex(/^\/[^?#\s]*$/, 'A path begins with / and has no query.')
    .describe('Path under which the upstream is served.'),
  upstream: Name.describe('Name of an entry of upstreams.'),
  refusal: z
    .enum(['http', 'in-band', 'tool-result'])
    .default('http')
    .describe('How a refusal looks: an HTTP status, 200 with the same body, or a tool result that the model reads.'),
  scopes: Scopes.default([]).describe('Scopes that every request on this route needs.'),
  stepUp: z
    .array(
      z.strictObject({
        tools: Globs.describe('Names of tools, globs allowed.'),
        scopes: Scopes.min(1).describe('Scopes that these tools need as well.'),
      }),
    )
    .max(100)
    .default([])
    .describe('Further scopes for some tools.'),
});
export type RouteConfig = z.output<typeof RouteConfig>;

export const ListenerConfig = z.strictObject({
  name: Name.describe('Names the listener in logs, metrics and the window.'),
  host: z.string().min(1).default('127.0.0.1').describe('Address to bind.'),
  port: Port.default(7380).describe('Port to bind; 0 takes any free one.'),
  publicUrl: HttpUrl.optional().describe('What clients dial; required with auth, because tokens are bound to it.'),
  insecure: z.boolean().default(false).describe('Lets a listener without auth bind an address that others reach.'),
  tls: Tls.optional().describe('Certificates; without them the listener speaks plain HTTP.'),
  allowedHosts: z
    .array(z.string().min(1))
    .max(200)
    .default([])
    .describe('Host names that are served, besides the local ones and that of publicUrl.'),
  allowedOrigins: z
    .array(z.string().min(1))
    .max(200)
    .default([])
    .describe('Origins of pages that may call, besides local ones and that of publicUrl.'),
  trustedProxies: z.array(z.string()).max(200).default([]).describe('Addresses (CIDR) of proxies whose X-Forwarded-For is believed.'),
  maxBody: Size.prefault('16MiB').describe('Largest request body.'),
  auth: AuthConfig.optional().describe('Who may use the listener; without it everybody who reaches it.'),
  routes: z.array(RouteConfig).min(1).max(1000).describe('What is served, by path.'),
});
export type ListenerConfig = z.output<typeof ListenerConfig>;

export const Match = z.strictObject({
  methods: Globs.optional().describe('JSON-RPC methods.'),
  servers: Globs.optional().describe('Names of upstreams; of wrapped servers their --name.'),
  tools: Globs.optional().describe('Names of tools.'),
  prompts: Globs.optional().describe('Names of prompts.'),
  resources: Globs.optional().describe('URIs of resources.'),
  clients: Globs.optional().describe('Names that clients give themselves.'),
});
export type Match = z.output<typeof Match>;

const limitBase = {
  id: Name.describe('Names the limit in headers, logs and metrics.'),
  tier: z.enum(['global', 'ip', 'user', 'session', 'endpoint']).describe('What is counted apart.'),
  match: Match.optional().describe('Which requests count; absent means all.'),
  mode: Mode.default('enforce').describe('enforce, only count (shadow), or off.'),
  concurrency: z.number().int().min(1).optional().describe('Most calls at once per key.'),
  costs: z
    .record(z.string().min(1), z.number().min(0).max(1_000_000))
    .default({})
    .describe('What a call costs, by method or tool (globs); 1 otherwise. The most specific wins.'),
  exempt: z
    .strictObject({
      addresses: z.array(z.string()).max(200).default([]).describe('Addresses (CIDR) that are not limited.'),
      clients: z.array(z.string().min(1)).max(200).default([]).describe('Names of clients that are not limited, globs allowed.'),
      when: z.string().min(1).max(10_000).optional().describe('CEL; requests for which it is true are not limited.'),
    })
    .optional()
    .describe('Who is not limited.'),
};
const per = Timespan.prefault('1m');
export const LimitConfig = z.discriminatedUnion('algorithm', [
  z.strictObject({
    ...limitBase,
    algorithm: z.literal('token-bucket').describe('How it counts: token-bucket or sliding-window.'),
    capacity: z.number().min(1).describe('Of token-bucket: how many at once (the burst).'),
    refill: z.number().gt(0).describe('Of token-bucket: how many are given back per per.'),
    per: per.describe('Time that refill refers to.'),
  }),
  z.strictObject({
    ...limitBase,
    algorithm: z.literal('sliding-window').describe('How it counts: token-bucket or sliding-window.'),
    limit: z.number().min(1).describe('Of sliding-window: how many in the window.'),
    per: per.describe('Length of the window.'),
  }),
]);
export type LimitConfig = z.output<typeof LimitConfig>;

export const PolicyConfig = z.strictObject({
  id: Name.describe('Names the policy in refusals, logs and metrics.'),
  effect: z.enum(['allow', 'deny', 'require', 'log']).describe('What follows when it is true; require: when it is false.'),
  match: Match.optional().describe('Which requests it is about; absent means all.'),
  when: z.string().min(1).max(10_000).optional().describe('CEL; absent means true.'),
  message: z.string().max(500).optional().describe('What a refused client reads.'),
  mode: Mode.default('enforce').describe('enforce, only count (shadow), or off.'),
});
export type PolicyConfig = z.output<typeof PolicyConfig>;

export const PolicyDefaults = z.strictObject({
  effect: z
    .enum(['allow', 'deny'])
    .optional()
    .describe('What happens when no policy decides; when absent, deny on listeners with auth and allow on others.'),
  onError: z.enum(['deny', 'allow']).default('deny').describe('What a policy that cannot be evaluated leads to.'),
  hideDenied: z.boolean().default(true).describe('Leave what is denied out of lists.'),
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

const LogLevel = z.enum(['debug', 'info', 'warn', 'error', 'silent']);

const Sessions = z.strictObject({
  max: z.number().int().min(1).max(100_000).default(1000).describe('Live sessions; one more is refused.'),
  maxPerPrincipal: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe(
      'Live sessions of one principal; anonymous ones are counted by address, those of this machine not at all. One more is refused.',
    ),
  idle: Timespan.prefault('1h').describe('A session ends after this long unused.'),
  age: Timespan.prefault('1d').describe('A session ends after this long in any case.'),
  maxPending: z.number().int().min(1).max(100_000).default(1000).describe('Unanswered requests per session.'),
  keys: z
    .array(Secret)
    .max(2)
    .default([])
    .describe(
      '32 bytes in base64 each, newest first: the first seals session ids, all open them. Made and kept in the data directory when absent.',
    ),
});

const Recording = z.strictObject({
  required: z.boolean().default(false).describe('Refuse traffic that cannot be recorded.'),
  retention: z
    .strictObject({
      maxAge: Duration.prefault('30d').describe('How old recorded traffic gets.'),
      maxSize: Size.prefault('2GiB').describe('How large the store gets.'),
    })
    .prefault({})
    .describe('What is kept.'),
});

const Admin = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether health, metrics and the admin calls are served.'),
  host: z.string().min(1).default('127.0.0.1').describe('Address to bind.'),
  port: Port.default(7391).describe('Port to bind; 0 takes any free one.'),
  token: Secret.optional().describe(
    'Bearer token of the admin calls (not of health and metrics); needed to bind another address than loopback.',
  ),
});

const Audit = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether the audit is written.'),
  arguments: z.boolean().default(false).describe('Keep argument values as they are; without it only their digest.'),
  maxFile: Size.prefault('64MiB').describe('A file of the audit is closed at this size.'),
  maxFiles: z.number().int().min(1).max(1000).default(10).describe('How many closed files are kept.'),
});

const Logging = z.strictObject({
  level: LogLevel.default('info').describe('The least that is logged.'),
  format: z.enum(['json', 'text']).default('json').describe('One JSON object per line, or text for people.'),
  levels: z
    .record(z.string(), LogLevel)
    .default({})
    .describe('Other levels by component: gateway, auth, limits, policy, upstream, config, access.'),
});

const Shutdown = z.strictObject({
  readyDelay: Duration.prefault('5s').describe('From not ready until nothing new is accepted.'),
  finish: Duration.prefault('25s').describe('How long calls may still take.'),
});

export const Config = z.strictObject({
  version: z.literal(1).describe('Version of this format: 1.'),
  policyMode: Mode.default('enforce').describe('One switch for all policies: enforce, only count (shadow), or off.'),
  listeners: z.array(ListenerConfig).max(100).default([]).describe('Where clients connect.'),
  upstreams: z.record(Name, UpstreamConfig).default({}).describe('Servers by name; routes lead to them.'),
  limits: z
    .array(LimitConfig)
    .max(500)
    .prefault(defaultLimits as z.input<typeof LimitConfig>[])
    .describe('Rate and concurrency limits; an empty list switches them off.'),
  policies: z.array(PolicyConfig).max(1000).default([]).describe('Who may do what; the order never matters.'),
  defaults: PolicyDefaults.prefault({}).describe('What happens where no policy decides.'),
  rules: z
    .array(z.never('Interception rules cannot stand in a file; remove this entry.'))
    .default([])
    .describe('Reserved for interception rules; must be empty.'),
  sessions: Sessions.prefault({}).describe('Sessions of clients.'),
  recording: Recording.prefault({}).describe('The record of traffic.'),
  admin: Admin.prefault({}).describe('Health, metrics and the admin calls, apart from MCP traffic.'),
  audit: Audit.prefault({}).describe('The audit log.'),
  logging: Logging.prefault({}).describe('The log on stderr.'),
  shutdown: Shutdown.prefault({}).describe('How a stop goes.'),
});
export type Config = z.output<typeof Config>;
