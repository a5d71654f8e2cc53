/** The configurations that the benchmark runs gateways with. */
import { createHash } from 'node:crypto';

/** What a client of the guarded gateway presents. */
export const apiKey = 'bench-key';
/** Tokens are meant for this address; nobody dials it. */
export const audience = 'http://127.0.0.1:7480/mcp';

export interface Issuer {
  readonly issuer: string;
  readonly jwksUri: string;
}

/** Everything on: two kinds of credentials, twenty policies, five tiers that refuse nothing, audit, access log, record. */
export function guardedConfig(upstreamUrl: string, { issuer, jwksUri }: Issuer): unknown {
  const hash = `sha256:${createHash('sha256').update(apiKey).digest('hex')}`;
  return {
    ...around,
    listeners: [
      {
        name: 'main',
        port: 0,
        publicUrl: new URL(audience).origin,
        auth: {
          apiKeys: [{ id: 'bench', hash, roles: ['reader'], scopes: ['mcp'] }],
          issuers: [{ issuer, jwksUri, audiences: [audience] }],
        },
        routes: [{ path: '/mcp', upstream: 'tools', scopes: ['mcp'] }],
      },
    ],
    upstreams: { tools: { instances: [{ id: 'a', url: upstreamUrl }], health: { kind: 'tcp' }, bulkhead: { maxConcurrent: 1_000 } } },
    limits: fiveTiers,
    policies: twentyPolicies,
    defaults: { effect: 'deny' },
  };
}

/** What bridges from npm do, and the record: no credentials, no policies, no limits. */
export function bridgingConfig(instance: Readonly<Record<string, unknown>>): unknown {
  return {
    ...around,
    listeners: [{ name: 'main', port: 0, routes: [{ path: '/mcp', upstream: 'tools' }] }],
    upstreams: { tools: { instances: [{ id: 'a', ...instance }], health: { kind: 'none' } } },
    limits: [],
  };
}

const around = { version: 1, admin: { port: 0 }, shutdown: { readyDelay: '0ms', finish: '2s' } };

const plenty = 1_000_000_000;

export const fiveTiers = [
  { id: 'all', tier: 'global', algorithm: 'token-bucket', capacity: plenty, refill: plenty },
  { id: 'by-address', tier: 'ip', algorithm: 'token-bucket', capacity: plenty, refill: plenty },
  { id: 'by-user', tier: 'user', algorithm: 'sliding-window', limit: plenty, concurrency: 10_000 },
  { id: 'by-session', tier: 'session', algorithm: 'token-bucket', capacity: plenty, refill: plenty },
  {
    id: 'by-tool',
    tier: 'endpoint',
    match: { methods: ['tools/call'] },
    algorithm: 'sliding-window',
    limit: plenty,
    costs: { 'report_*': 10 },
  },
];

const calls = { methods: ['tools/call'] };
const deny = (id: string, match: unknown, when?: string) => ({ id, effect: 'deny', match, ...(when === undefined ? {} : { when }) });

/** As an operator would have them: some settled by their match, ten that look at each call, and none that refuses it. */
export const twentyPolicies = [
  { id: 'readers', effect: 'allow', when: '"reader" in principal.roles' },
  { id: 'discovery', effect: 'allow', match: { methods: ['initialize', 'tools/list', 'prompts/list', 'resources/list'] } },
  deny('no-system-files', calls, 'args.path.startsWith("/etc") || args.path.startsWith("/proc")'),
  deny('no-climbing', calls, 'args.path.contains("..")'),
  deny('no-endless-patterns', calls, 'size(args.pattern) > 200'),
  deny('few-excludes', calls, 'has(args.excludePatterns) && size(args.excludePatterns) > 50'),
  deny('no-secrets', calls, '["*.pem", "*.key", ".env"].exists(name, name == args.pattern)'),
  deny('no-strangers', calls, 'client.ip.startsWith("10.") && !("mcp" in principal.scopes)'),
  deny('no-old-clients', calls, 'session.era == "legacy" && client.version == "0.0.1"'),
  { id: 'scope', effect: 'require', match: calls, when: '"mcp" in principal.scopes' },
  { id: 'known-subject', effect: 'require', match: calls, when: 'size(principal.sub) > 0 || size(principal.roles) > 0', mode: 'shadow' },
  { id: 'note-projects', effect: 'log', match: { methods: ['tools/call'], tools: ['search_*'] }, when: 'args.path.startsWith("/srv")' },
  deny('no-deletes', { ...calls, tools: ['delete_*', 'remove_*'] }, '!("admin" in principal.roles)'),
  deny('no-drops', { ...calls, tools: ['drop_*'] }),
  deny('no-writes-at-night', { ...calls, tools: ['write_*'] }, 'now.getHours("Europe/Berlin") < 7'),
  deny('no-shell', { ...calls, tools: ['run_command', 'shell_*'] }),
  deny('no-foreign-server', { servers: ['payments'] }),
  deny('no-hidden-resources', { methods: ['resources/read'], resources: ['file:///etc/*'] }),
  deny('no-jailbreaks', { methods: ['prompts/get'], prompts: ['unsafe_*'] }),
  deny('no-such-client', { clients: ['evil-*'] }),
];
