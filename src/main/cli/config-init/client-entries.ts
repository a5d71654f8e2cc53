/** What to put into the client's file, so that it reaches its servers through the gateway. Names stay: clients make tool names and permissions of them. */
import { basename } from 'node:path';
import type { ClientFile } from './client-file.ts';
import { routeOf } from './first-config.ts';
import type { ImportedServer } from './imported-servers.ts';

export interface EntriesWanted {
  /** The path of the client's file. */
  readonly path: string;
  readonly file: ClientFile;
  readonly servers: readonly ImportedServer[];
  /** Of the listener: `http://127.0.0.1:7380`. */
  readonly origin: string;
  /** How this program is started, for clients that can only start a command. */
  readonly program: readonly string[];
}

/** The container with an entry for each server, as JSON would have it; in a list each entry says its name. */
export function clientEntries({ path, file, servers, origin, program }: EntriesWanted): Record<string, unknown> {
  const name = basename(path);
  const entryOf = isCommandOnly(name) ? commandEntry(program) : urlEntry(file, name);
  const named = servers.map(
    server => [server.server, entryOf(`${origin}${routeOf(server.upstream)}`, server.clientHeaders, server)] as const,
  );
  const entries = file.isList ? named.map(([server, entry]) => ({ name: server, ...entry })) : Object.fromEntries(named);
  return file.container
    .split('.')
    .toReversed()
    .reduce<unknown>((inside, member) => ({ [member]: inside }), entries) as Record<string, unknown>;
}

type EntryOf = (url: string, headers: Readonly<Record<string, string>>, server: ImportedServer) => object;

/** Claude Desktop takes no URLs in its file. */
function isCommandOnly(name: string): boolean {
  return name === 'claude_desktop_config.json';
}

function commandEntry([command = '', ...args]: readonly string[]): EntryOf {
  return (url, headers) => ({
    command,
    args: [...args, 'connect', url, ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`])],
  });
}

/** Goose knows an extension by its name and takes none that does not say whether it is on. */
function extensionEntry(url: string, headers: Readonly<Record<string, string>>, { server, title, isDisabled }: ImportedServer): object {
  const more = Object.keys(headers).length === 0 ? {} : { headers };
  return { enabled: !isDisabled, type: 'streamable_http', name: title ?? server, uri: url, ...more };
}

/** As the entries with a URL that are there already, or as the client is known to want them. */
function urlEntry({ container, servers, isList }: ClientFile, name: string): EntryOf {
  if (container === 'extensions') return extensionEntry;
  const remote = servers.filter(({ url }) => url !== undefined);
  const member = remote.find(({ urlMember }) => urlMember !== undefined && urlMember !== 'url')?.urlMember ?? 'url';
  const said = remote.find(({ type }) => type !== undefined && !/sse$/i.test(type))?.type;
  // Zed's container ends like others, and knows no type.
  const type = container === 'context_servers' ? undefined : (said ?? usualType(container, isList, name));
  return (url, headers) => ({
    ...(type === undefined ? {} : { type }),
    [member]: url,
    ...(Object.keys(headers).length === 0 ? {} : isList ? { requestOptions: { headers } } : { headers }),
  });
}

function usualType(container: string, isList: boolean, name: string): string | undefined {
  if (isList) return 'streamable-http';
  if (container === 'mcp') return 'remote';
  return container.endsWith('servers') || /^\.(?:claude|mcp)\.json$/.test(name) ? 'http' : undefined;
}
