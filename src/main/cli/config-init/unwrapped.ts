/** A client's entry that starts Shadowcat, or another bridge to a URL, as the server that it stands for. */
import { parseArgs } from 'node:util';
import { readArguments } from '../../shim/arguments.ts';
import type { ClientServer } from './client-file.ts';

/** What may stand before our name: runners of packages, shells of Windows, Node itself. */
const launcher = /^(?:npx|bunx|pnpx|npm|pnpm|yarn|bun|node|cmd|exec|dlx|x|-y|--yes|--|\/[acds])(?:\.exe|\.cmd)?$/i;

/** Wrapped several times over, it is unwrapped as often. */
export function unwrapped(server: ClientServer): ClientServer {
  let found = server;
  // Each step takes words away, so this ends.
  for (let next = unwrappedOnce(found); next !== undefined; next = unwrappedOnce(found)) found = next;
  return found;
}

function unwrappedOnce(server: ClientServer): ClientServer | undefined {
  const words = server.command ?? [];
  const at = words.findIndex(word => isOurs(word) || !launcher.test(nameOf(word)));
  const word = words[at];
  if (word === undefined) return undefined;
  if (/^mcp-remote(?:@.*)?$/.test(nameOf(word))) return bridged(server, words.slice(at + 1));
  if (!isOurs(word)) return undefined;
  const rest = afterOwnFlags(words.slice(at + 1));
  if (rest[0] === 'connect') return connected(server, rest.slice(1));
  // The shim itself takes flags and a command, and so does the short form of wrap.
  const read =
    rest[0] === 'wrap' || rest[0] === '--' || /^--(?:name|data-dir|require-host)\b/.test(rest[0] ?? '') ? readArguments(rest) : undefined;
  return read?.kind === 'run' ? { ...server, command: [read.command, ...read.args] } : undefined;
}

/** The command, its parts as they are built, and the shim in a data directory. */
function isOurs(word: string): boolean {
  const path = word.replaceAll('\\', '/');
  return (
    /^shadowcat(?:@.*|\.m?js|\.cmd|\.exe)?$/i.test(nameOf(word)) || /(?:^|\/)(?:bin\/shim\.mjs|out\/main\/(?:cli|shim)\.js)$/.test(path)
  );
}

function nameOf(word: string): string {
  // A switch of Windows is no path.
  return /^\/[a-z]$/i.test(word) ? word : (word.replaceAll('\\', '/').split('/').at(-1) ?? '');
}

/** Global flags may stand before the command. */
function afterOwnFlags(words: readonly string[]): readonly string[] {
  const at = words.findIndex(word => word === 'wrap' || word === 'connect' || word === '--');
  const before = words.slice(0, Math.max(at, 0));
  return at > 0 && words[at] !== '--' && before[0]?.startsWith('-') === true ? words.slice(at) : words;
}

const connectFlags = {
  header: { type: 'string', multiple: true },
  'bearer-env': { type: 'string' },
  'api-key-env': { type: 'string' },
} as const;

function connected({ name, place, title, env, isDisabled, others }: ClientServer, words: readonly string[]): ClientServer | undefined {
  const { values, positionals } = parseArgs({ args: [...words], options: connectFlags, allowPositionals: true, strict: false });
  const url = positionals.find(word => /^https?:$/.test(URL.parse(word)?.protocol ?? ''));
  if (url === undefined) return undefined;
  // The variable may be one of the entry, or of the environment that the client gives on.
  const valueOf = (variable: unknown) => env[String(variable)] ?? `\${env:${String(variable)}}`;
  const headers = Object.fromEntries((values.header ?? []).map(text => namedValue(String(text))));
  if (values['bearer-env'] !== undefined) headers['Authorization'] = `Bearer ${valueOf(values['bearer-env'])}`;
  if (values['api-key-env'] !== undefined) headers['X-API-Key'] = valueOf(values['api-key-env']);
  return { name, place, ...(title === undefined ? {} : { title }), isDisabled, others, env: {}, url, headers };
}

/** Without a header of its own it has people sign in, and goes on to do so as a command. */
function bridged(server: ClientServer, words: readonly string[]): ClientServer | undefined {
  const url = words[0] ?? '';
  const given = words.flatMap((word, at) => (words[at - 1] === '--header' ? [namedValue(word)] : []));
  if (given.length === 0 || !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return undefined;
  // It fills in variables of its environment itself.
  const filled = given.map(([name, value]) => [
    name,
    value.replaceAll(/\$\{(\w+)\}/g, (whole, variable: string) => server.env[variable] ?? whole),
  ]);
  const { name, place, title, isDisabled, others } = server;
  const shown = title === undefined ? {} : { title };
  return { name, place, ...shown, isDisabled, others, env: {}, url, headers: Object.fromEntries(filled) as Record<string, string> };
}

function namedValue(header: string): [name: string, value: string] {
  const colonAt = header.indexOf(':');
  return [header.slice(0, colonAt).trim(), header.slice(colonAt + 1).trim()];
}
