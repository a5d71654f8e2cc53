/** The MCP servers our tests aim at: our own fixture and the reference servers from npm. */
import { join } from 'node:path';
import { asJsonObject, type RunningProcess, startProcess } from './child-process.ts';

const projectDir = join(import.meta.dirname, '../..');
const packageDir = join(projectDir, 'node_modules/@modelcontextprotocol');

/** A server that listens, and the URL a client dials. */
export interface ListeningServer extends AsyncDisposable {
  readonly url: string;
  readonly process: RunningProcess;
}

/** A server that speaks stdio: what a client's configuration would run. */
export interface StdioCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** Starts our own server of both eras. */
export async function startFixtureServer(home: string): Promise<ListeningServer> {
  const process = startProcess({ args: [join(projectDir, 'test/fixtures/conformance-server.ts')], home });
  return listening(process, 'stdout', line => {
    const url = asJsonObject(line)?.['url'];
    return typeof url === 'string' ? url : undefined;
  });
}

/** Starts npm's `server-everything` on loopback. */
export async function startEverything(mode: 'streamableHttp' | 'sse', home: string): Promise<ListeningServer> {
  const process = startProcess({
    args: ['--import', join(projectDir, 'test/fixtures/bind-loopback.mjs'), join(packageDir, 'server-everything/dist/index.js'), mode],
    env: { PORT: '0' },
    home,
  });
  return listening(process, 'stderr', line => {
    const port = asJsonObject(line)?.['port'];
    return typeof port === 'number' ? `http://127.0.0.1:${port}${mode === 'sse' ? '/sse' : '/mcp'}` : undefined;
  });
}

/** Our own server of both eras over stdio. */
export function fixtureCommand(): StdioCommand {
  return { command: process.execPath, args: [join(projectDir, 'test/fixtures/conformance-server.ts'), '--stdio'] };
}

/** npm's `server-everything` over stdio. */
export function everythingCommand(): StdioCommand {
  return nodeCommand('server-everything/dist/index.js', 'stdio');
}

/** npm's `server-filesystem` over stdio, allowed to touch `dir` only. */
export function filesystemCommand(dir: string): StdioCommand {
  return nodeCommand('server-filesystem/dist/index.js', dir);
}

/** npm's `server-memory` over stdio; where it keeps its graph is set by `MEMORY_FILE_PATH`. */
export function memoryCommand(): StdioCommand {
  return nodeCommand('server-memory/dist/index.js');
}

function nodeCommand(file: string, ...args: readonly string[]): StdioCommand {
  return { command: process.execPath, args: [join(packageDir, file), ...args] };
}

async function listening(
  server: RunningProcess,
  stream: 'stdout' | 'stderr',
  urlOf: (line: string) => string | undefined,
): Promise<ListeningServer> {
  try {
    const url = await server.firstLine(stream, urlOf);
    return { url, process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
