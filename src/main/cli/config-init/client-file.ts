/** The servers in a client's configuration: JSON with comments, in the shapes of the clients that there are. */

/** One server as the client has it. Names of members differ by client; what they mean does not. */
export interface ClientServer {
  readonly name: string;
  /** Where it stands: `mcpServers.github`. */
  readonly place: string;
  /** The program and its arguments. */
  readonly command?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
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
  readonly servers: readonly ClientServer[];
  /** Entries that are none, and what was not looked at, as sentences. */
  readonly notes: readonly string[];
}

/** The first of these that is there. Claude, Cursor and most; VS Code; its older settings; Zed; OpenCode. */
const containers = [['mcpServers'], ['servers'], ['mcp', 'servers'], ['context_servers'], ['mcp']] as const;
const urlMembers = ['url', 'serverUrl', 'httpUrl', 'uri'] as const;

/** Throws a sentence that says what is wrong with the text. */
export function readClientFile(text: string): ClientFile {
  const root = objectOf(parsed(text));
  if (root === undefined) throw new Error('it holds no JSON object');
  for (const path of containers) {
    const found = path.reduce<unknown>((value, member) => objectOf(value)?.[member], root);
    const entries = objectOf(found);
    if (entries === undefined || !Object.values(entries).every(entry => objectOf(entry) !== undefined)) continue;
    return withServers(path.join('.'), entries, root);
  }
  throw new Error('it has no mcpServers, servers or context_servers');
}

function withServers(container: string, entries: Record<string, unknown>, root: Record<string, unknown>): ClientFile {
  const servers: ClientServer[] = [];
  const notes: string[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const server = serverOf(name, `${container}.${name}`, objectOf(entry) ?? {});
    if (typeof server === 'string') notes.push(`${container}.${name} was left out: ${server}.`);
    else servers.push(server);
  }
  // Claude Code keeps more of them by directory.
  const elsewhere = Object.values(objectOf(root['projects']) ?? {}).filter(
    project => Object.keys(objectOf(objectOf(project)?.['mcpServers']) ?? {}).length > 0,
  ).length;
  if (elsewhere > 0) notes.push(`Servers of ${elsewhere} projects (projects.….mcpServers) were not looked at.`);
  return { container, servers, notes };
}

const members = {
  command: ['command'],
  args: ['args'],
  env: ['env', 'environment'],
  cwd: ['cwd'],
  type: ['type', 'transport'],
  headers: ['headers', 'http_headers'],
  disabled: ['disabled', 'enabled'],
  url: urlMembers,
} as const satisfies Record<string, readonly string[]>;
/** Besides these: what a client does with a server of its own, and goes on to do. */
const ofTheClient =
  /^(?:source|autoApprove|alwaysAllow|timeout|trust|description|gallery|version|tools|includeTools|excludeTools|dev|disabledTools)$/;

type Entry = Record<string, unknown>;

function valueOf(entry: Entry, name: keyof typeof members): unknown {
  return members[name].map(member => entry[member]).find(value => value !== undefined);
}

function serverOf(name: string, place: string, entry: Entry): ClientServer | string {
  const reached = commandOf(entry) ?? urlOf(entry);
  if (typeof reached === 'string') return reached;
  const [cwd, type] = [entry['cwd'], valueOf(entry, 'type')];
  const known = new Set<string>(Object.values(members).flat());
  return {
    name,
    place,
    ...reached,
    env: textsOf(objectOf(entry['command'])?.['env'] ?? valueOf(entry, 'env')),
    ...(typeof cwd === 'string' ? { cwd } : {}),
    ...(typeof type === 'string' ? { type } : {}),
    headers: textsOf(valueOf(entry, 'headers')),
    isDisabled: entry['disabled'] === true || entry['enabled'] === false,
    others: Object.keys(entry).filter(member => !known.has(member) && !ofTheClient.test(member)),
  };
}

/** Zed nests the command, OpenCode writes it as a list with its arguments. */
function commandOf(entry: Entry): Pick<ClientServer, 'command'> | undefined {
  const nested = objectOf(entry['command']);
  const command = [nested?.['path'] ?? entry['command'], nested?.['args'] ?? entry['args']].flat().filter(word => word !== undefined);
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
