/** `connect`: a stdio MCP server towards its client, a client of HTTP towards a URL. Imports little: clients wait for it to start. */
import type { Command, CommandInput } from './command.ts';
import { HttpClient } from './connect/http-client.ts';
import { LineOutput } from './connect/line-output.ts';
import { runConnect } from './connect/run-connect.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { untilStopped } from './until-stopped.ts';

export const connect: Command = {
  usage: "connect URL [--header 'Name: value'] [--bearer-env NAME] [--api-key-env NAME]",
  help: `Stands in a client's configuration where a stdio server would, and speaks Streamable HTTP to URL (or HTTP+SSE, where the
server knows nothing newer). Nothing but messages goes to stdout. Needs no host and records nothing; let URL be that
of a gateway or a proxy to record.
  --header 'N: v'     a header field for every request; may be given more than once. Not for secrets: others can read
                      the command line
  --bearer-env NAME   send the value of this environment variable as a bearer token
  --api-key-env NAME  send the value of this environment variable as X-API-Key`,
  flags: { header: { type: 'string', multiple: true }, 'bearer-env': { type: 'string' }, 'api-key-env': { type: 'string' } },
  words: { min: 1, max: 1 },
  async run(input) {
    const url = urlOf(input.words[0] as string);
    const http = new HttpClient(fieldsOf(input));
    const watch = untilStopped();
    const output = new LineOutput(process.stdout, process.stderr);
    await runConnect({ url, http, stdin: process.stdin, output, stopped: watch.stopped.then(() => undefined) });
    watch.release();
    process.stdin.destroy();
    return exitCodes.ok;
  },
};

function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new CommandError(exitCodes.usage, `connect needs an http or https URL, not "${text}".`);
  if (url.username !== '' || url.password !== '')
    throw new CommandError(
      exitCodes.usage,
      'A URL with a user name or password shows them to everybody on this machine; use --bearer-env.',
    );
  url.hash = '';
  return url;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What a field cannot carry: control characters, and anything beyond latin1. */
const badValue = /[^\t\x20-\x7e\x80-\xff]/;

function fieldsOf({ flags }: CommandInput): string[] {
  const fields: string[] = [];
  for (const header of (flags['header'] ?? []) as unknown as readonly string[]) {
    const [, name = '', value = ''] = /^([^:]*):[\t ]*(.*?)[\t ]*$/s.exec(header) ?? [];
    if (!token.test(name) || badValue.test(value))
      throw new CommandError(exitCodes.usage, `--header needs "Name: value", not "${header.split(':')[0] ?? ''}…".`);
    if (/^(?:content-length|transfer-encoding|connection|host)$/i.test(name))
      throw new CommandError(exitCodes.usage, `--header cannot set ${name}: it says how the request is sent.`);
    fields.push(name, value);
  }
  const bearer = secretOf(flags['bearer-env'], 'bearer-env');
  if (bearer !== undefined) fields.push('Authorization', `Bearer ${bearer}`);
  const apiKey = secretOf(flags['api-key-env'], 'api-key-env');
  if (apiKey !== undefined) fields.push('X-API-Key', apiKey);
  return fields;
}

function secretOf(name: unknown, flag: string): string | undefined {
  if (typeof name !== 'string') return undefined;
  const value = process.env[name]?.trim();
  if (value === undefined || value === '')
    throw new CommandError(exitCodes.usage, `--${flag}: the environment variable ${name} is not set.`);
  if (badValue.test(value)) throw new CommandError(exitCodes.usage, `--${flag}: the value of ${name} cannot stand in a header.`);
  return value;
}
