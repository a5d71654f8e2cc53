/** `shadowcat gateway` as a process, and everything a test looks at from outside: answers, audit, metrics, record, live topics. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectToHost, type HostConnection } from '../../../src/main/headless/host-connection.ts';
import { readHostFile } from '../../../src/main/headless/host-file.ts';
import { cliFile, type ReadyLine } from '../../cli/command-line.ts';
import { asJsonObject, type RunningProcess, startProcess } from '../../peers/child-process.ts';
import type { FrameSummary } from '../../../src/shared/model/frame.ts';

export interface RunningGateway extends AsyncDisposable {
  readonly dataDir: string;
  readonly configPath: string;
  readonly process: RunningProcess;
  readonly connection: HostConnection;
  /** Address of a route: `http://127.0.0.1:PORT/path`. */
  url(path: string): string;
  readonly adminUrl: string;
  metrics(): Promise<string>;
  /** Rows of the audit files, oldest first. */
  audit(): Record<string, unknown>[];
  /** Every frame of every session, as the window would read them. */
  frames(): Promise<FrameSummary[]>;
}

export interface GatewayStart {
  readonly home: string;
  readonly name: string;
  /** YAML, or a value that becomes JSON (which is YAML). */
  readonly config: string | object;
  readonly env?: Readonly<Record<string, string>>;
  readonly words?: readonly string[];
}

/** Writes the configuration, starts the gateway and waits until it is ready. */
export async function startGateway({ home, name, config, env = {}, words = [] }: GatewayStart): Promise<RunningGateway> {
  const dataDir = join(home, name);
  const configPath = join(home, `${name}.yaml`);
  writeFileSync(configPath, typeof config === 'string' ? config : JSON.stringify(config, undefined, 2));
  const process = startProcess({
    args: [cliFile, 'gateway', '--config', configPath, '--json', '--data-dir', dataDir, ...words],
    home,
    env,
  });
  try {
    const ready = await process.firstLine('stdout', line => {
      const event = asJsonObject(line);
      return event?.['event'] === 'ready' ? (event as unknown as ReadyLine) : undefined;
    });
    const file = readHostFile(dataDir);
    if (file === undefined) throw new Error('The gateway is ready but wrote no host.json');
    const connection = await connectToHost({ apiUrl: file.apiUrl, secret: file.secret, deadlineMs: 20_000 });
    const { adminUrl = '' } = await connection.call('gateway.status', {});
    const origins = new Map(ready.listeners.map(({ url }) => [new URL(url).pathname, url]));
    return {
      dataDir,
      configPath,
      process,
      connection,
      adminUrl,
      url(path) {
        const found = origins.get(path);
        if (found === undefined) throw new Error(`The gateway serves ${[...origins.keys()].join(', ')} and not ${path}`);
        return found;
      },
      metrics: async () => (await fetch(`${adminUrl}/metrics`)).text(),
      audit: () => readAudit(dataDir),
      frames: () => allFrames(connection),
      async [Symbol.asyncDispose]() {
        connection.close();
        await process.stop();
      },
    };
  } catch (error) {
    const said = process.stderr().slice(-3000);
    await process.stop();
    throw new Error(`The gateway did not start: ${said}`, { cause: error });
  }
}

async function allFrames(connection: HostConnection): Promise<FrameSummary[]> {
  const { sessions } = await connection.call('session.list', { search: '', sort: 'startedAt', descending: false, limit: 1000 });
  const all: FrameSummary[] = [];
  for (const { id } of sessions) {
    let afterSeq = 0;
    for (let hasMore = true; hasMore;) {
      const page = await connection.call('session.frames', { id, afterSeq, limit: 2000 });
      all.push(...page.frames);
      afterSeq = page.frames.at(-1)?.seq ?? afterSeq;
      ({ hasMore } = page);
    }
  }
  return all;
}

export function readAudit(dataDir: string): Record<string, unknown>[] {
  const text = readFileSync(join(dataDir, 'audit', 'audit.jsonl'), 'utf8');
  // What is behind the last line feed is being written.
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Record<string, unknown>);
}
