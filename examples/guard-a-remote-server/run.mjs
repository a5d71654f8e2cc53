/**
 * Plays the whole example: starts the server, the gateway before it, and a client with a key. Prints what the client sees.
 * The addresses of the file are replaced by free ones, so that it runs beside anything.
 */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { example, firstLine, inProject, ready, shadowcat } from '../support/programs.mjs';

const say = (...words) => process.stdout.write(`${words.join(' ')}\n`);
const config = inProject('examples/guard-a-remote-server/shadowcat.yaml');

await example(async ({ dataDir, start }) => {
  const everything = inProject('node_modules/@modelcontextprotocol/server-everything/dist/index.js');
  const server = start(['--import', inProject('test/fixtures/bind-loopback.mjs'), everything, 'streamableHttp'], { PORT: '0' });
  const port = await firstLine(server, 'stderr', line => (line.startsWith('{') ? JSON.parse(line).port : undefined));

  const gateway = start(shadowcat('gateway', '--config', config, '--data-dir', dataDir, '--json'), {
    SHADOWCAT__LISTENERS__0__PORT: '0',
    SHADOWCAT__UPSTREAMS__EVERYTHING__INSTANCES__0__URL: `http://127.0.0.1:${port}/mcp`,
  });
  const url = (await ready(gateway)).get('/mcp/everything');

  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
  const stranger = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
  });
  say('without a key:', stranger.status, (await stranger.json()).error.code);

  const client = new Client({ name: 'example', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { 'X-API-Key': 'example-key' } } }));
  const { tools } = await client.listTools();
  say(
    'with the key:',
    tools.some(({ name }) => name === 'echo') ? 'echo is listed,' : 'echo is missing,',
    tools.some(({ name }) => name === 'get-env') ? 'get-env is listed' : 'get-env is not',
  );

  const call = async (name, args) => {
    const { content, isError } = await client.callTool({ name, arguments: args });
    say(
      `${name} ${JSON.stringify(args)}:`,
      isError === true ? 'refused:' : 'answered:',
      content[0].text.replace(/ \d+(?:\.\d+)? s\b/g, ' … s'),
    );
  };
  await call('get-env', {});
  await call('get-sum', { a: 2, b: 40 });
  await call('get-sum', { a: 2, b: 4000 });
  for (const message of ['one', 'two', 'three', 'four']) await call('echo', { message });
  await client.close();
});
