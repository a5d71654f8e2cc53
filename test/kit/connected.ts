/** `shadowcat connect` as a client starts it: lines in, lines out. */
import { join } from 'node:path';
import { startProcess, type Exit, type RunningProcess } from '../peers/child-process.ts';

/** Node runs the source as it is; `SHADOWCAT_CLI` names a built one. */
export const connectCli = process.env['SHADOWCAT_CLI'] ?? join(import.meta.dirname, '../../src/main/cli.ts');

export interface Connected extends AsyncDisposable {
  readonly process: RunningProcess;
  send(...lines: readonly string[]): void;
  /** Lines of stdout so far. */
  lines(): string[];
  /** Waits until there are so many lines. */
  untilLines(count: number): Promise<string[]>;
  /** The first line that satisfies `read`. */
  line(read: (line: string) => boolean): Promise<string>;
  /** Closes stdin and waits for the end. */
  end(): Promise<Exit>;
}

export interface ConnectedOptions {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export function connected(url: string, home: string, { flags = [], env = {} }: ConnectedOptions = {}): Connected {
  const running = startProcess({ args: [connectCli, 'connect', url, ...flags], home, env });
  const lines = () => running.stdout().split('\n').slice(0, -1);
  const until = async <T>(read: () => T | undefined): Promise<T> => {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const found = read();
      if (found !== undefined) return found;
      if (performance.now() > deadline)
        throw new Error(`It never came. stdout: ${running.stdout().slice(0, 3000)} stderr: ${running.stderr()}`);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  };
  return {
    process: running,
    send: (...texts) => void running.child.stdin?.write(texts.map(text => `${text}\n`).join('')),
    lines,
    untilLines: count => until(() => (lines().length >= count ? lines() : undefined)),
    line: read => until(() => lines().find(read)),
    end() {
      running.child.stdin?.end();
      return running.exited;
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
