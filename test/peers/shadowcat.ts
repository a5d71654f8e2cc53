/** Starts the product the way a person does: by its command line, from the build. */
import { join } from 'node:path';
import { asJsonObject, type ProcessStart, type RunningProcess, runToEnd, startProcess } from './child-process.ts';
import type { StdioCommand } from './servers.ts';

const projectDir = join(import.meta.dirname, '../..');

/** The built command line. `SHADOWCAT_CLI` names another one to test, such as that of a packed release. */
function cliFile(): string {
  return process.env['SHADOWCAT_CLI'] ?? join(projectDir, 'out/main/cli.js');
}

/** A running `shadowcat proxy`. */
export interface RunningProxy extends AsyncDisposable {
  /** What a client dials instead of the upstream. */
  readonly url: string;
  readonly dataDir: string;
  readonly process: RunningProcess;
}

/** Puts `shadowcat proxy` before a server and waits until it is ready. */
export async function startProxy(upstream: { url: string; dataDir: string; home: string }): Promise<RunningProxy> {
  const args = ['proxy', '--upstream', upstream.url, '--port', '0', '--json', '--data-dir', upstream.dataDir];
  const proxy = startProcess({ args: [cliFile(), ...args], home: upstream.home });
  try {
    const ready = await proxy.firstLine('stdout', line => {
      const event = asJsonObject(line);
      return event?.['event'] === 'ready' ? event : undefined;
    });
    const [listener] = (ready['listeners'] ?? []) as { name: string; url: string }[];
    if (listener === undefined) throw new Error(`The ready line names no listener: ${JSON.stringify(ready)}`);
    return {
      url: listener.url,
      dataDir: upstream.dataDir,
      process: proxy,
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    };
  } catch (error) {
    await proxy.stop();
    throw error;
  }
}

/** The command a client's configuration would hold after wrapping: `shadowcat wrap … -- command args`. */
export function wrapped(server: StdioCommand, options: { dataDir: string; name?: string }): StdioCommand {
  const name = options.name === undefined ? [] : ['--name', options.name];
  return {
    command: process.execPath,
    args: [cliFile(), 'wrap', '--data-dir', options.dataDir, ...name, '--', server.command, ...server.args],
  };
}

/** Runs `shadowcat …` to its end and gives back the JSON it printed. */
export async function shadowcatJson(args: readonly string[], home: string): Promise<unknown> {
  const start: ProcessStart = { args: [cliFile(), ...args, '--json'], home };
  const { code, stdout, stderr } = await runToEnd(start);
  if (code !== 0) throw new Error(`shadowcat ${args.join(' ')} ended with ${String(code)}: ${stderr.slice(-2_000)}`);
  return JSON.parse(stdout);
}
