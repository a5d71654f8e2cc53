/** An upstream of the configuration: its instances, our credentials towards them, and how they are treated. */
import { z } from 'zod';
import { Secret, Certificate, Variable, Name, HeaderName, HttpUrl } from './atoms.ts';
import { Duration, Timespan } from './units.ts';

export const InstanceConfig = z
  .strictObject({
    id: Name.describe('Names the instance within its upstream.'),
    weight: z.number().int().min(0).max(1000).default(1).describe('Share of weighted-round-robin; 0 gets nothing.'),
    disabled: z.boolean().default(false).describe('Takes part in nothing, but stays known.'),
    url: HttpUrl.optional().describe('Address of a server that speaks HTTP.'),
    transport: z
      .enum(['streamable-http', 'http-sse'])
      .default('streamable-http')
      .describe('How the URL speaks: Streamable HTTP, or the HTTP+SSE of 2024-11-05.'),
    command: z.string().min(1).optional().describe('Program of a server that speaks stdio; the gateway starts it.'),
    args: z.array(z.string()).max(1000).default([]).describe('Arguments of command.'),
    env: z.record(z.string(), Variable).default({}).describe('Environment of command, besides the usual few variables.'),
    cwd: z.string().min(1).optional().describe('Directory in which command runs.'),
  })
  .refine(({ url, command }) => url !== undefined || command !== undefined, 'An instance needs a url or a command.')
  .refine(({ url, command }) => url === undefined || command === undefined, 'An instance has a url or a command, not both; remove one.');
export type InstanceConfig = z.output<typeof InstanceConfig>;

const TokenClient = z.strictObject({
  tokenUrl: HttpUrl.describe('Token endpoint of the authorization server.'),
  clientId: z.string().min(1).describe('How the gateway is known there.'),
  clientSecret: Secret.describe('Secret that goes with clientId.'),
  scope: z.string().optional().describe('Scopes to ask for, separated by spaces.'),
  resource: z.url().optional().describe('Resource that the token is for (RFC 8707).'),
  audience: z.string().optional().describe('Audience that the token is for.'),
});

/** Our own credentials towards an upstream; exactly one kind. The client's are never used. */
export const CredentialsConfig = z.union([
  z.strictObject({ bearer: Secret.describe('Sent as Authorization: Bearer.') }),
  z.strictObject({
    header: z
      .strictObject({ name: HeaderName.describe('Name of the header.'), value: Secret.describe('Value of the header.') })
      .describe('Sent as this header.'),
  }),
  z.strictObject({ clientCredentials: TokenClient.describe('The gateway asks for a token of its own.') }),
  z.strictObject({ tokenExchange: TokenClient.describe("The client's token is exchanged for one of the upstream's (RFC 8693).") }),
  z.strictObject({
    signIn: z
      .strictObject({
        issuer: z
          .url()
          .optional()
          .describe("Authorization server; found by the upstream's protected resource metadata (RFC 9728) when absent."),
        clientId: z.string().min(1).optional().describe('Client that was registered by hand.'),
        clientSecret: Secret.optional().describe('Secret that goes with clientId.'),
        clientIdDocument: HttpUrl.optional().describe('URL of a Client ID Metadata Document, used where the server supports it.'),
        scope: z.string().optional().describe('Scopes to ask for, separated by spaces.'),
        resource: z.url().optional().describe('Resource that the token is for (RFC 8707).'),
        allowPrivate: z.boolean().default(false).describe('Lets metadata addresses be private or plain HTTP.'),
      })
      .describe('The tokens of a person who signed in (shadowcat sign-in).'),
  }),
]);
export type CredentialsConfig = z.output<typeof CredentialsConfig>;

export const HealthConfig = z.strictObject({
  kind: z
    .enum(['none', 'discover', 'initialize', 'http', 'tcp', 'process'])
    .default('discover')
    .describe('What is asked: server/discover, a whole handshake, a GET, a connection, or whether the child runs.'),
  path: z.string().startsWith('/', 'A path begins with /.').optional().describe('Path of kind: http; else that of the url.'),
  interval: Timespan.prefault('10s').describe('From one check to the next, ± 20 %.'),
  timeout: Timespan.prefault('2s').describe('How long a check may take.'),
  fall: z.number().int().min(1).default(3).describe('Failed checks in a row that take an instance out.'),
  rise: z.number().int().min(1).default(2).describe('Passed checks in a row that bring it back.'),
  fastInterval: Timespan.prefault('2s').describe('Interval while the state is changing.'),
});
export type HealthConfig = z.output<typeof HealthConfig>;

export const BreakerConfig = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether failures open the breaker.'),
  consecutive: z.number().int().min(1).default(5).describe('Failures in a row that open it.'),
  failureRate: z.number().gt(0).max(1).default(0.5).describe('Share of failures in the window that opens it.'),
  minimumCalls: z.number().int().min(1).default(20).describe('Calls in the window before the share counts.'),
  window: Timespan.prefault('30s').describe('How far back the share looks.'),
  open: Timespan.prefault('5s').describe('How long it stays open at first; doubled each time in a row.'),
  maxOpen: Timespan.prefault('5m').describe('Longest time open.'),
  forgetAfter: Timespan.prefault('5m').describe('Consecutive opens are forgotten after this long closed.'),
  successes: z.number().int().min(1).default(3).describe('Successes in half-open that close it.'),
  slowStart: Duration.prefault('30s').describe('How long the weight rises from 10 % to all after closing; 0s for at once.'),
  perTool: z.boolean().default(false).describe('One breaker per tool as well.'),
});
export type BreakerConfig = z.output<typeof BreakerConfig>;

export const BulkheadConfig = z.strictObject({
  maxConcurrent: z.number().int().min(1).default(100).describe('Calls at once, over all instances.'),
  maxQueue: z.number().int().min(0).default(200).describe('Calls that may wait for a place.'),
  queueTimeout: Timespan.prefault('5s').describe('How long they wait.'),
});
export type BulkheadConfig = z.output<typeof BulkheadConfig>;

const ToolTimeouts = z.strictObject({
  firstByte: Timespan.optional().describe('As firstByte above, for these tools.'),
  idle: Timespan.optional().describe('As idle above, for these tools.'),
  total: Timespan.optional().describe('As total above, for these tools.'),
});
export const TimeoutsConfig = z.strictObject({
  connect: Timespan.prefault('5s').describe('Until the connection stands.'),
  firstByte: Timespan.prefault('55s').describe('From the request until the first byte of its answer.'),
  listFirstByte: Timespan.prefault('15s').describe('The same for list methods.'),
  idle: Timespan.prefault('2m').describe('Silence within an answer; any event resets it.'),
  total: Timespan.prefault('10m').describe('The whole call.'),
  tools: z.record(z.string().min(1), ToolTimeouts).default({}).describe('Other values by tool name, globs allowed.'),
});
export type TimeoutsConfig = z.output<typeof TimeoutsConfig>;

export const RetriesConfig = z.strictObject({
  attempts: z.number().int().min(1).max(10).default(3).describe('Tries of one call, the first included; 1 never retries.'),
  budget: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('Share of calls that may be retries; some ten at once, and one a second, are always free. 0 for none.'),
  tools: z.array(z.string().min(1)).max(200).default([]).describe('Tools that may be called twice, globs allowed.'),
  trustAnnotations: z.boolean().default(false).describe("Believe the server's readOnlyHint and idempotentHint."),
});
export type RetriesConfig = z.output<typeof RetriesConfig>;

const PoolConfig = z.strictObject({
  maxOpen: z.number().int().min(1).max(4096).default(1024).describe('Connections per instance.'),
  maxIdle: z.number().int().min(0).max(1024).default(256).describe('Connections kept for later.'),
  idle: Timespan.prefault('4s').describe('How long an unused one is kept.'),
  lifetime: Timespan.prefault('10m').describe('How long any one is used.'),
});

const StdioConfig = z.strictObject({
  maxChildren: z.number().int().min(1).max(1000).default(100).describe('Processes of each instance at once.'),
  idle: Timespan.prefault('1h').describe('How long a child without sessions lives.'),
  stop: Timespan.prefault('2s').describe('How long a child has to exit after its stdin closed, and again after SIGTERM.'),
});

const UpstreamTls = z.strictObject({
  ca: Certificate.optional().describe('PEM bundle that the server must chain to, in place of the usual ones.'),
  cert: Certificate.optional().describe('Our client certificate, PEM.'),
  key: Secret.optional().describe('Private key of cert, PEM.'),
});

export const UpstreamConfig = z.strictObject({
  balance: z
    .enum(['round-robin', 'weighted-round-robin', 'least-connections', 'p2c', 'random'])
    .default('round-robin')
    .describe('How the next instance is chosen.'),
  affinity: z
    .string()
    .min(1)
    .max(10_000)
    .default('session')
    .describe('What stays with one instance: none, session, or a CEL expression whose value is the key.'),
  instances: z.array(InstanceConfig).min(1).max(256).describe('The servers behind this name.'),
  credentials: CredentialsConfig.optional().describe("Our own credentials towards the server, one kind; the client's never leave."),
  health: HealthConfig.prefault({}).describe('Active checks of each instance.'),
  breaker: BreakerConfig.prefault({}).describe('Circuit breaker of each instance.'),
  bulkhead: BulkheadConfig.prefault({}).describe('How much the upstream is given at once, over all its instances.'),
  timeouts: TimeoutsConfig.prefault({}).describe('How long the phases of a call may take.'),
  retries: RetriesConfig.prefault({}).describe('What is tried again.'),
  pool: PoolConfig.prefault({}).describe('Connections to each instance with a url.'),
  stdio: StdioConfig.prefault({}).describe('Children of instances with a command.'),
  tls: UpstreamTls.optional().describe('Certificates towards the server.'),
  pinning: z.enum(['off', 'warn', 'block', 'hold']).default('warn').describe('What a changed tool definition leads to.'),
});
export type UpstreamConfig = z.output<typeof UpstreamConfig>;
