/** The servers in a client's configuration, JSON with comments or YAML, in the shapes of the clients that there are. */
import { readYaml } from '../../settings/config-yaml.ts';

/** One server as the client has it. Names of members differ by client; what they mean does not. */
export interface ClientServer {
  readonly name: string;
  /** Where it stands: `mcpServers.github`. */
  readonly place: string;
  /** How the client shows it, where it has a member for that. */
  readonly title?: string;
  /** The program and its arguments. */
  readonly command?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The member that holds them: `env`, `environment` … */
  readonly envMember?: string;
  readonly cwd?: string;
  readonly url?: string;
  /** The member that holds the URL, which the client will look for again. */
  readonly urlMember?: string;
  readonly type?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isDisabled: boolean;
  /** Members that mean something and have no place in a gateway. */
  readonly others: readonly string[];
}

export interface ClientFile {
  /** The member that holds the servers: `mcpServers`. */
  readonly container: string;
  readonly format: 'json' | 'yaml';
  /** They stand there one behind the other, each with its name in it. */
  readonly isList: boolean;
  readonly servers: readonly ClientServer[];
  /** Entries that are none, and what was not looked at, as sentences. */
  readonly notes: readonly string[];
}

/** The first of these that is there. Claude, Cursor and most; VS Code; its older settings; Zed; OpenCode. */
const containers = [['mcpServers'], ['servers'], ['mcp', 'servers'], ['context_servers'], ['mcp']] as const;
/** Continue, with a list in it; Goose. */
const yamlContainers = [['mcpServers'], ['extensions']] as const;
const urlMembers = ['url', 'serverUrl', 'httpUrl', 'uri'] as const;

/** How the text is read, which members may hold the servers, and what is said of a file that has none of them. */
const formats = {
  json: {
    read: parsed,
    containers,
    hasLists: false,
    noRoot: 'it holds no JSON object',
    none: 'it has no mcpServers, servers or context_servers',
  },
  yaml: {
    read: parsedYaml,
    containers: yamlContainers,
    hasLists: true,
    noRoot: 'it holds no mapping',
    none: 'it has no mcpServers or extensions',
  },
} as const;

/** By the ending of its name the file is YAML, else JSON. Throws a sentence that says what is wrong with the text. */
export function readClientFile(text: string, fileName: string): ClientFile {
  const format = /\.ya?ml$/i.test(fileName) ? 'yaml' : 'json';
  const { read, hasLists, noRoot, none, containers: paths } = formats[format];
  const root = objectOf(read(text));
  if (root === undefined) throw new Error(noRoot);
  for (const path of paths) {
    const found = path.reduce<unknown>((value, member) => objectOf(value)?.[member], root);
    const isList = hasLists && Array.isArray(found);
    const entries = isList ? (found as unknown[]).map(entry => [nameIn(entry), entry] as const) : membersOf(found);
    if (entries?.every(([, entry]) => objectOf(entry) !== undefined) !== true) continue;
    return { format, isList, container: path.join('.'), ...withServers(path.join('.'), entries, root) };
  }
  throw new Error(none);
}

function membersOf(value: unknown): (readonly [string, unknown])[] | undefined {
  const object = objectOf(value);
  return object === undefined ? undefined : Object.entries(object);
}

function nameIn(entry: unknown): string {
  const name = objectOf(entry)?.['name'];
  return typeof name === 'string' && name !== '' ? name : 'server';
}

function withServers(
  container: string,
  entries: readonly (readonly [string, unknown])[],
  root: Record<string, unknown>,
): Pick<ClientFile, 'servers' | 'notes'> {
  const servers: ClientServer[] = [];
  const notes: string[] = [];
  for (const [name, entry] of entries) {
    const server = serverOf(name, `${container}.${name}`, objectOf(entry) ?? {});
    if (typeof server === 'string') notes.push(`${container}.${name} was left out: ${server}.`);
    else servers.push(server);
  }
  // Claude Code keeps more of them by directory.
  const elsewhere = Object.values(objectOf(root['projects']) ?? {}).filter(
    project => Object.keys(objectOf(objectOf(project)?.['mcpServers']) ?? {}).length > 0,
  ).length;
  if (elsewhere > 0) notes.push(`Servers of ${elsewhere} projects (projects.….mcpServers) were not looked at.`);
  return { servers, notes };
}

const members = {
  command: ['command', 'cmd'],
  args: ['args'],
  env: ['env', 'environment', 'envs'],
  storedEnv: ['env_keys'],
  cwd: ['cwd'],
  type: ['type', 'transport'],
  headers: ['headers', 'http_headers'],
  options: ['requestOptions'],
  disabled: ['disabled', 'enabled'],
  url: urlMembers,
} as const satisfies Record<string, readonly string[]>;
/** Besides these: what a client does with a server of its own, and goes on to do. */
const ofTheClient =
  /^(?:source|autoApprove|alwaysAllow|timeout|trust|description|gallery|version|tools|includeTools|excludeTools|dev|disabledTools|name|display_name|bundled|available_tools)$/;
/** Goose lists them among the others. */
const partsOfTheClient = /^(?:builtin|platform|frontend)$/;

type Entry = Record<string, unknown>;

function valueOf(entry: Entry, name: keyof typeof members): unknown {
  return members[name].map(member => entry[member]).find(value => value !== undefined);
}

function serverOf(name: string, place: string, entry: Entry): ClientServer | string {
  const [cwd, type, title] = [entry['cwd'], valueOf(entry, 'type'), entry['name']];
  if (typeof type === 'string' && partsOfTheClient.test(type)) return 'it is a part of the client itself';
  const reached = commandOf(entry) ?? urlOf(entry);
  if (typeof reached === 'string') return reached;
  const known = new Set<string>(Object.values(members).flat());
  const options = objectOf(valueOf(entry, 'options')) ?? {};
  return {
    name,
    place,
    ...(typeof title === 'string' ? { title } : {}),
    ...reached,
    envMember: [...members.env, ...members.storedEnv].find(member => entry[member] !== undefined) ?? 'env',
    env: { ...storedEnv(entry), ...textsOf(objectOf(entry['command'])?.['env'] ?? valueOf(entry, 'env')) },
    ...(typeof cwd === 'string' ? { cwd } : {}),
    ...(typeof type === 'string' ? { type } : {}),
    headers: textsOf(valueOf(entry, 'headers') ?? options['headers']),
    isDisabled: entry['disabled'] === true || entry['enabled'] === false,
    others: [
      ...Object.keys(entry).filter(member => !known.has(member) && !ofTheClient.test(member)),
      ...Object.keys(options).flatMap(member => (member === 'headers' ? [] : [`requestOptions.${member}`])),
    ],
  };
}

/** Variables whose values the client keeps elsewhere: somebody has to hand them to the gateway. */
function storedEnv(entry: Entry): Record<string, string> {
  const names = [valueOf(entry, 'storedEnv')].flat().filter(name => typeof name === 'string' && /^[A-Za-z_]\w*$/.test(name));
  return Object.fromEntries(names.map(name => [name, `\${input:${String(name)}}`]));
}

/** Zed nests the command, OpenCode writes it as a list with its arguments. */
function commandOf(entry: Entry): Pick<ClientServer, 'command'> | undefined {
  const nested = objectOf(entry['command']);
  const command = [nested?.['path'] ?? valueOf(entry, 'command'), nested?.['args'] ?? entry['args']]
    .flat()
    .filter(word => word !== undefined);
  return typeof command[0] === 'string' && command[0] !== '' ? { command: command.map(String) } : undefined;
}

function urlOf(entry: Entry): Pick<ClientServer, 'url' | 'urlMember'> | string {
  const urlMember = urlMembers.find(member => typeof entry[member] === 'string');
  if (urlMember === undefined) return 'it has neither a command nor a URL';
  // Claude Code fills variables in, or what stands behind them where they are not set; a gateway has no variables in addresses.
  const url = String(entry[urlMember]).replaceAll(/\$\{[A-Za-z_]\w*:-([^}]*)\}/g, '$1');
  return /^https?:$/.test(URL.parse(url)?.protocol ?? '') ? { url, urlMember } : 'its URL is none of http or https';
}

/** JSON with comments and commas at the end of lists, as editors write their settings. Never quotes the text: it may hold secrets. */
function parsed(text: string): unknown {
  const plain = text
    .replace(/^\uFEFF/, '')
    .replaceAll(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\//g, part => (part.startsWith('"') ? part : ' '))
    .replaceAll(/"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])/g, part => (part === ',' ? '' : part));
  try {
    return JSON.parse(plain);
  } catch {
    throw new Error('it is no JSON');
  }
}

/** Never quotes the text either. What Continue keeps as a secret is one that somebody is asked for. */
function parsedYaml(text: string): unknown {
  const read = readYaml(text.replaceAll(/\$\{\{\s*secrets\.([A-Za-z_][\w.-]*)\s*\}\}/g, '$${input:$1}'));
  if (!read.ok) throw new Error(`it is no YAML that can be read, as line ${read.problems[0]?.line ?? 1} shows`);
  return read.yaml.value;
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function textsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(objectOf(value) ?? {}).flatMap(([name, text]) =>
      typeof text === 'string' || typeof text === 'number' || typeof text === 'boolean' ? [[name, String(text)]] : [],
    ),
  );
}
