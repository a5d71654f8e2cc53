/** Plays the whole example: a stdio server behind HTTP, an HTTP client before it, and a stdio client through `shadowcat connect`. */
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { example, inProject, ready, shadowcat } from '../support/programs.mjs';

const say = (...words) => process.stdout.write(`${words.join(' ')}\n`);
const config = inProject('examples/bridge-stdio-to-http/shadowcat.yaml');

await example(async ({ dataDir, start }) => {
  process.chdir(inProject());
  const gateway = start(shadowcat('gateway', '--config', config, '--data-dir', dataDir, '--json'), {
    SHADOWCAT__LISTENERS__0__PORT: '0',
    MEMORY_FILE_PATH: join(dataDir, 'memory.json'),
  });
  const url = (await ready(gateway)).get('/mcp/memory');

  const overHttp = new Client({ name: 'example-http', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(url));
  await overHttp.connect(transport);
  await overHttp.callTool({
    name: 'create_entities',
    arguments: { entities: [{ name: 'Ada', entityType: 'person', observations: ['wrote the first program'] }] },
  });
  say('over HTTP: wrote Ada');

  const overStdio = new Client({ name: 'example-stdio', version: '1.0.0' });
  await overStdio.connect(new StdioClientTransport({ command: process.execPath, args: shadowcat('connect', url), stderr: 'ignore' }));
  const { content } = await overStdio.callTool({ name: 'search_nodes', arguments: { query: 'program' } });
  say('over stdio, through connect: found', JSON.parse(content[0].text).entities[0].name);

  await overStdio.close();
  await transport.terminateSession();
  await overHttp.close();
});
