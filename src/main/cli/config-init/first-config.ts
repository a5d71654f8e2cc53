/** The text of a first configuration: with comments for whoever reads on in it. */
import type { ImportedServer } from './imported-servers.ts';

/** Nothing but an example to begin with. */
export const exampleConfig = `# What this gateway serves, to whom, and within which bounds. Every key: docs/configuration.md
# Look for mistakes: shadowcat config check FILE. Start it: shadowcat gateway --config FILE. It follows changes of this file.
version: 1

listeners:
  - name: main
    host: 127.0.0.1 # this machine alone; other machines need auth below
    port: 7380
    # publicUrl: https://gateway.example # what clients dial; tokens are bound to it
    # auth:
    #   apiKeys: [{ id: me, hash: "sha256:…" }] # printf %s "$KEY" | sha256sum
    routes:
      - { path: /mcp/everything, upstream: everything } # http://127.0.0.1:7380/mcp/everything

upstreams:
  # A server that the gateway starts.
  everything:
    instances:
      - { id: local, command: npx, args: ["-y", "@modelcontextprotocol/server-everything"] }
  # A server elsewhere. Secrets are references: \${env:NAME}, \${file:/path}, \${vault:NAME} (shadowcat secret set NAME).
  # github:
  #   instances: [{ id: remote, url: https://api.githubcopilot.com/mcp/ }]
  #   credentials: { bearer: "\${env:GITHUB_TOKEN}" }

# limits:
#   - { id: writes, tier: user, match: { tools: ["write_*"] }, algorithm: token-bucket, capacity: 5, refill: 30, per: 1m }
# policies:
#   - { id: no-deletes, effect: deny, match: { tools: ["delete_*"] }, message: Not here. }
`;

export interface FirstConfig {
  /** The file that the servers come from, as it was named. */
  readonly from: string;
  readonly servers: readonly ImportedServer[];
}

export function firstConfig({ from, servers }: FirstConfig): string {
  return [
    `# Made from ${oneLine(from)} by shadowcat config init. Every key: docs/configuration.md`,
    '# Look for mistakes: shadowcat config check FILE. Start it: shadowcat gateway --config FILE. It follows changes of this file.',
    'version: 1',
    '',
    'listeners:',
    '  - name: main',
    '    host: 127.0.0.1 # this machine alone; other machines need auth',
    '    port: 7380',
    '    routes:',
    ...servers.map(({ upstream }) => `      - { path: ${scalar(routeOf(upstream))}, upstream: ${scalar(upstream)} }`),
    '',
    'upstreams:',
    ...servers.flatMap(upstreamLines),
    '',
  ].join('\n');
}

export function routeOf(upstream: string): string {
  return `/mcp/${upstream}`;
}

function upstreamLines({ upstream, isDisabled, instance, credentials }: ImportedServer): string[] {
  const disabled = isDisabled ? ['        disabled: true # as it was for the client'] : [];
  const reached =
    'url' in instance
      ? [
          '      - id: remote',
          ...disabled,
          `        url: ${scalar(instance.url)}`,
          ...(instance.transport === 'http-sse' ? ['        transport: http-sse'] : []),
        ]
      : [
          '      - id: local',
          ...disabled,
          `        command: ${scalar(instance.command)}`,
          ...(instance.args.length === 0 ? [] : [`        args: [${instance.args.map(scalar).join(', ')}]`]),
          ...(instance.cwd === undefined ? [] : [`        cwd: ${scalar(instance.cwd)}`]),
          ...mapping('        env:', '          ', instance.env),
        ];
  return [`  ${scalar(upstream)}:`, '    instances:', ...reached, ...credentialLines(credentials)];
}

function credentialLines(credentials: ImportedServer['credentials']): string[] {
  if (credentials === undefined) return [];
  if ('bearer' in credentials) return ['    credentials:', `      bearer: ${scalar(credentials.bearer)}`];
  return ['    credentials:', `      header: { name: ${scalar(credentials.name)}, value: ${scalar(credentials.value)} }`];
}

function mapping(head: string, indent: string, values: Readonly<Record<string, string>>): string[] {
  const lines = Object.entries(values).map(([name, value]) => `${indent}${scalar(name)}: ${scalar(value)}`);
  return lines.length === 0 ? [] : [head, ...lines];
}

/** Words that YAML takes for something else than text, in any of its versions. */
const special = /^(?:true|false|null|yes|no|on|off|y|n|~)$/i;

/** A JSON string is one of YAML, too. */
function scalar(text: string): string {
  return /^[A-Za-z/][\w./-]*$/.test(text) && !special.test(text) ? text : JSON.stringify(text);
}

function oneLine(text: string): string {
  return text.replaceAll(/[^\x20-\x7e\u00a1-\uffff]+/g, ' ');
}
