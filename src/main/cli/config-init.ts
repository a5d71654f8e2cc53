/** `config init`: a first configuration, as an example or of the servers that a client has. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readFileUpTo } from '../secrets/references.ts';
import { MAX_CONFIG_BYTES } from '../settings/config-yaml.ts';
import { problemText } from '../settings/config-problem.ts';
import { readConfig } from '../settings/read-config.ts';
import { writeConfig } from '../settings/write-config.ts';
import { yamlText } from '../settings/yaml-text.ts';
import type { Command, CommandInput } from './command.ts';
import { reasonOf } from './config-file.ts';
import { clientEntries } from './config-init/client-entries.ts';
import { type ClientFile, readClientFile } from './config-init/client-file.ts';
import { exampleConfig, firstConfig, routeOf } from './config-init/first-config.ts';
import { type Imported, importedServers } from './config-init/imported-servers.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

/** Of the listener that both files describe. */
const origin = 'http://127.0.0.1:7380';

export const configInit: Command = {
  usage: 'config init [--from FILE] [--out FILE] [--json]',
  help: `Writes a first configuration with comments. With --from it serves the servers of a client's JSON or YAML file (mcpServers,
servers, context_servers, extensions) each under a route of its own; the client's file stays as it is. Secrets do not go into the file: they become
references, and the command says which. Never replaces a file.
  --from FILE      configuration of Claude, Cursor, VS Code, Windsurf, Zed, Gemini CLI, Goose, Continue and others
  --out FILE       where to write (default: shadowcat.yaml in the data directory, which shadowcat serve takes by itself)
  --json           {"file","routes":[{"server","upstream","url"}],"secrets":[{"reference","kind","name","place"}],
                    "notes":[…],"client":{…}}; "client" is what to put into the client's file`,
  flags: { from: { type: 'string' }, out: { type: 'string' } },
  words: { min: 0, max: 0 },
  async run(input) {
    const { from, out } = input.flags;
    const named = typeof out === 'string' && out !== '' ? resolve(out) : undefined;
    const path = named ?? join(input.dataDir, 'shadowcat.yaml');
    if (existsSync(path))
      throw new CommandError(exitCodes.failed, `${path} is there already, and is not replaced. Name another file with --out.`);
    if (from === undefined) {
      write(path, exampleConfig, named === undefined);
      await told(input, { path, routes: [{ server: 'everything', upstream: 'everything' }] });
      return exitCodes.ok;
    }
    const client = await clientFile(String(from));
    const imported = importedServers(client, origin);
    if (imported.servers.length === 0)
      throw new CommandError(exitCodes.failed, `${String(from)} has no server to take over. ${imported.notes.join(' ')}`.trim());
    write(path, firstConfig({ from: String(from), servers: imported.servers }), named === undefined);
    await told(input, { path, routes: imported.servers, from: { path: String(from), client, imported } });
    return exitCodes.ok;
  },
};

async function clientFile(path: string): Promise<ClientFile> {
  let text: string;
  try {
    text = Buffer.from(await readFileUpTo(path, MAX_CONFIG_BYTES)).toString('utf8');
  } catch (error) {
    throw new CommandError(exitCodes.failed, `${path} cannot be read: ${reasonOf(error)}.`);
  }
  try {
    return readClientFile(text, path);
  } catch (error) {
    throw new CommandError(exitCodes.failed, `${path} is no configuration of a client that this command knows: ${reasonOf(error)}.`);
  }
}

/** What cannot be used is not written: it would be a defect of ours, and nobody's file to mend. */
function write(path: string, text: string, isUsual: boolean): void {
  const read = readConfig(text);
  if (!read.ok)
    throw new CommandError(
      exitCodes.failed,
      `No configuration was written. ${read.problems.map(problem => problemText(problem, path)).join(' ')}`,
    );
  if (isUsual) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeConfig(path, text, undefined);
}

interface Told {
  readonly path: string;
  readonly routes: readonly { readonly server: string; readonly upstream: string }[];
  readonly from?: { readonly path: string; readonly client: ClientFile; readonly imported: Imported };
}

async function told({ isJson, screen }: CommandInput, { path, routes, from }: Told): Promise<void> {
  const addresses = routes.map(({ server, upstream }) => ({ server, upstream, url: `${origin}${routeOf(upstream)}` }));
  const secrets = from?.imported.servers.flatMap(({ secrets: wanted }) => wanted) ?? [];
  const notes = from?.imported.notes ?? [];
  const client =
    from === undefined
      ? undefined
      : clientEntries({
          path: from.path,
          file: from.client,
          servers: from.imported.servers,
          origin,
          program: [process.execPath, process.argv[1] ?? 'shadowcat'],
        });
  if (isJson) {
    const entries = client === undefined ? {} : { client };
    await screen.write(`${JSON.stringify({ file: path, routes: addresses, secrets, notes, ...entries })}\n`);
    return;
  }
  const lines = [`Wrote ${path}.`, '', ...addresses.map(({ server, url }) => `  ${server}  →  ${url}`), ''];
  const kept = secrets.filter(({ kind }) => kind === 'vault');
  if (kept.length > 0)
    lines.push(
      'Secrets that it refers to, to be kept in the vault. SHADOWCAT_VAULT_KEY has to be set, here and for the gateway (make one by: openssl rand -base64 32):',
      ...kept.map(({ name, place }) => `  shadowcat secret set ${name}    # ${place}`),
      '',
    );
  const variables = secrets.filter(({ kind }) => kind === 'env');
  if (variables.length > 0)
    lines.push('Variables that the gateway has to be started with:', ...variables.map(({ name, place }) => `  ${name}    # ${place}`), '');
  if (notes.length > 0) lines.push('Worth a look:', ...notes.map(text => `  ${text}`), '');
  lines.push(`Then: shadowcat config check ${path}`, `      shadowcat gateway --config ${path}`);
  if (from !== undefined)
    lines.push(
      '',
      `Once it runs, these take the place of the entries of the same names in ${from.path}:`,
      from.client.format === 'yaml' ? yamlText(client) : JSON.stringify(client, undefined, 2),
    );
  await screen.write(`${lines.join('\n')}\n`);
}
