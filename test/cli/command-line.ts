/** The command line as tests run it: the built one, on a data directory of its own. `SHADOWCAT_CLI` names another one. */
import { join } from 'node:path';
import { asJsonObject, type Finished, type RunningProcess, runToEnd, startProcess } from '../peers/child-process.ts';
import type { ScratchHome } from '../peers/scratch-home.ts';

export const root = join(import.meta.dirname, '../..');
export const cliFile = process.env['SHADOWCAT_CLI'] ?? join(root, 'out/main/cli.js');
export const sampleServer = join(root, 'resources/sample/server.mjs');
export const sampleHttpServer = join(root, 'resources/sample/http-server.mjs');

export interface ReadyLine {
  readonly event: string;
  readonly uiUrl: string | null;
  readonly pid: number;
  readonly dataDir: string;
  readonly listeners: readonly { readonly name: string; readonly url: string }[];
}

export interface CommandLine {
  readonly dataDir: string;
  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<Finished>;
  /** Runs it with `--json` and reads what it printed; the command must end with 0. */
  json(...args: readonly string[]): Promise<unknown>;
  /** Starts a command that stays. */
  start(...args: readonly string[]): RunningProcess;
  /** Starts it with `--json` and waits until it says that it is ready. */
  ready(...args: readonly string[]): Promise<{ process: RunningProcess; line: ReadyLine }>;
}

/** On `<home>/<name>`. */
export function commandLine(home: ScratchHome, name: string): CommandLine {
  const dataDir = join(home.path, name);
  const start = (args: readonly string[]) => ({ args: [cliFile, ...args, '--data-dir', dataDir], home: home.path });
  const self: CommandLine = {
    dataDir,
    run: (...args) => runToEnd(start(args)),
    async json(...args) {
      const { code, stdout, stderr } = await self.run(...args, '--json');
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}: ${stderr}`);
      return JSON.parse(stdout);
    },
    start: (...args) => startProcess(start(args)),
    async ready(...args) {
      const process = self.start(...args, '--json');
      try {
        return { process, line: await process.firstLine('stdout', line => asJsonObject(line) as ReadyLine | undefined) };
      } catch (error) {
        await process.stop();
        throw error;
      }
    },
  };
  return self;
}

/** Runs a short conversation with the sample server through `wrap`, as a client would. */
export async function wrapOnce(cli: CommandLine, home: ScratchHome, name: string): Promise<Finished> {
  const wrapped = startProcess({
    args: [cliFile, 'wrap', '--data-dir', cli.dataDir, '--name', name, '--', process.execPath, sampleServer],
    home: home.path,
  });
  const clientInfo = { name: 'test-client', version: '1' };
  const ask = (id: number, method: string, params: object) =>
    wrapped.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
  const answered = (id: number) => wrapped.firstLine('stdout', line => (asJsonObject(line)?.['id'] === id ? true : undefined));
  ask(1, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  await answered(1);
  ask(2, 'tools/call', { name: 'tide_table', arguments: { harbour: 'Brest', date: '2026-11-22', password: 'hunter2' } });
  await answered(2);
  wrapped.child.stdin?.end();
  const exit = await wrapped.exited;
  return { ...exit, stdout: wrapped.stdout(), stderr: wrapped.stderr() };
}
