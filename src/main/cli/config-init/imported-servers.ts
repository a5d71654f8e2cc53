/** The servers of a client's file as upstreams of a gateway, and what the client needs from then on. */
import type { ClientFile, ClientServer } from './client-file.ts';
import { keptArguments } from './kept-arguments.ts';
import { isSecretLike, KeptSecrets, urlWithoutSecrets, type WantedSecret } from './kept-secrets.ts';
import { unwrapped } from './unwrapped.ts';

export interface ImportedServer {
  /** As the client calls it. */
  readonly server: string;
  /** As the client shows it. */
  readonly title?: string;
  /** The name of its upstream, and of its route behind `/mcp/`. */
  readonly upstream: string;
  readonly isDisabled: boolean;
  readonly instance:
    | { readonly url: string; readonly transport: 'streamable-http' | 'http-sse' }
    | {
        readonly command: string;
        readonly args: readonly string[];
        readonly env: Readonly<Record<string, string>>;
        readonly cwd?: string;
      };
  readonly credentials?: { readonly bearer: string } | { readonly name: string; readonly value: string };
  readonly secrets: readonly WantedSecret[];
  /** Headers that are no credentials: clients go on to send them, and the gateway passes them on. */
  readonly clientHeaders: Readonly<Record<string, string>>;
}

export interface Imported {
  readonly servers: readonly ImportedServer[];
  readonly notes: readonly string[];
}

/** `origin`: where the gateway will be. */
export function importedServers(file: ClientFile, origin: string): Imported {
  const taken = new Set<string>();
  const notes = [...file.notes];
  // Gemini CLI means HTTP+SSE by `url`, where others mean what the server speaks.
  const isGemini = file.servers.some(({ urlMember }) => urlMember === 'httpUrl');
  const servers = file.servers.flatMap(entry => {
    const note = (text: string) => notes.push(`${entry.place}: ${text}`);
    const server = unwrapped(isGemini && entry.urlMember === 'url' ? { type: 'sse', ...entry } : entry);
    if (server.url === undefined || !isHere(server.url, origin)) return [imported(server, taken, note)];
    note('leads to a gateway at this address already, and was left out.');
    return [];
  });
  return { servers, notes };
}

/** Its own address would lead a route back to itself. */
function isHere(url: string, origin: string): boolean {
  const { protocol, hostname, port } = new URL(url);
  return origin === `${protocol}//${hostname === 'localhost' ? '127.0.0.1' : hostname}:${port}`;
}

function imported(server: ClientServer, taken: Set<string>, note: (text: string) => void): ImportedServer {
  const upstream = freeName(server.name, taken);
  const secrets = new KeptSecrets(upstream);
  if (server.others.length > 0) note(`${server.others.join(', ')} has no place in a gateway and was left out.`);
  const title = server.title === undefined ? {} : { title: server.title };
  const common = { server: server.name, ...title, upstream, isDisabled: server.isDisabled };
  if (server.command !== undefined) {
    const instance = childOf(server, server.command, secrets, note);
    return { ...common, instance, secrets: secrets.wanted, clientHeaders: {} };
  }
  const url = urlWithoutSecrets(server.url ?? '');
  if (url !== server.url)
    note(
      'a secret was taken out of the url, where no reference is resolved; write it there by hand, or send it as a header (credentials).',
    );
  const { credentials, clientHeaders } = headersOf(server, secrets, note);
  return {
    ...common,
    instance: { url, transport: isOldTransport(server, url) ? 'http-sse' : 'streamable-http' },
    ...(credentials === undefined ? {} : { credentials }),
    secrets: secrets.wanted,
    clientHeaders,
  };
}

function childOf(server: ClientServer, words: readonly string[], secrets: KeptSecrets, note: (text: string) => void) {
  const env: Record<string, string> = {};
  const keep = (name: string, value: string, place: string) => {
    env[name] = secrets.text(name, value, place);
  };
  for (const [name, value] of Object.entries(server.env)) keep(name, value, `${server.place}.${server.envMember ?? 'env'}.${name}`);
  const { args, isCut } = keptArguments(words.slice(1), (name, value) => keep(name, value, `${server.place}.args`));
  if (isCut)
    note(
      'a secret or a variable was taken out of args, where no reference is resolved; most servers take it from a variable in env as well.',
    );
  if ([...args, ...Object.values(server.env), server.cwd ?? ''].some(text => /\$\{\w*(?:folder|home|workspace)/i.test(text)))
    note('variables of the editor (workspaceFolder and the like) mean nothing to a gateway; write the path.');
  return { command: words[0] ?? '', args, env, ...(server.cwd === undefined ? {} : { cwd: server.cwd }) };
}

function headersOf(
  server: ClientServer,
  secrets: KeptSecrets,
  note: (text: string) => void,
): Pick<ImportedServer, 'credentials' | 'clientHeaders'> {
  const all = Object.entries(server.headers);
  const secret = all.filter(([name, value]) => isCredential(name, value)).toSorted(byName);
  const clientHeaders = Object.fromEntries(all.filter(([name, value]) => !isCredential(name, value)));
  const [first, ...rest] = secret;
  if (rest.length > 0) note(`a gateway sends one header of credentials; ${rest.map(([name]) => name).join(', ')} was left out.`);
  if (first === undefined) return { clientHeaders };
  const [name, value] = first;
  const kept = secrets.header(name, value, `${server.place}.headers.${name}`);
  const [, bearer] = name.toLowerCase() === 'authorization' ? (/^Bearer\s+(.*)$/is.exec(kept) ?? []) : [];
  return { clientHeaders, credentials: bearer === undefined ? { name, value: kept } : { bearer } };
}

/** What a gateway keeps from passing, it has to send itself. */
function isCredential(name: string, value: string): boolean {
  return /^(?:authorization|proxy-authorization|cookie|x-api-key)$/i.test(name) || isSecretLike(name, value);
}

/** Authorization first. */
function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return Number(b.toLowerCase() === 'authorization') - Number(a.toLowerCase() === 'authorization');
}

/** The type says it, or the usual path does. */
function isOldTransport({ type }: ClientServer, url: string): boolean {
  if (type !== undefined) return /^(?:http-)?sse$/i.test(type);
  return URL.parse(url)?.pathname.replace(/\/$/, '').endsWith('/sse') === true;
}

/** A name that a configuration takes, and nobody else has. */
function freeName(wish: string, taken: Set<string>): string {
  const plain =
    wish
      .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
      .replaceAll(/^[^A-Za-z0-9]+|-+$/g, '')
      .slice(0, 60) || 'server';
  let name = plain;
  for (let count = 2; taken.has(name.toLowerCase()); count += 1) name = `${plain}-${count}`;
  taken.add(name.toLowerCase());
  return name;
}
