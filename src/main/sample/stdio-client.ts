/** A small real MCP client over pipes: what the sample plays the client with. Lines out, lines in, ids of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A command that leaves neither after its stdin ended nor after SIGTERM is killed this much later. */
const LEAVE_MS = 2_000;

export interface SpawnCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface StdioClient {
  /** Sends a request. Resolves with the whole answer, an error included; rejects when the server is gone. */
  request(method: string, params?: object): { readonly id: number; readonly answer: Promise<Answer> };
  notify(method: string, params?: object): void;
  /** Ends the conversation the way clients do: stdin first, then ever firmer. */
  close(): Promise<void>;
}

export interface Answer {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** Starts the command. `onRequest` gives the result for a question of the server. */
export function stdioClient(server: SpawnCommand, onRequest: (method: string) => unknown): StdioClient {
  const child: ChildProcessWithoutNullStreams = spawn(server.command, server.args, { env: server.env, stdio: 'pipe', windowsHide: true });
  const pending = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  let lastId = 0;
  const exited = once(child, 'exit').catch(() => undefined);
  const fail = (error: Error) => {
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  child.once('error', fail);
  child.once('exit', (code, signal) => fail(new Error(`The sample server ended early (${signal ?? code ?? '?'})`)));
  // It may be gone while we still write; the exit tells.
  child.stdin.on('error', () => undefined);
  child.stderr.resume();
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

  createInterface({ input: child.stdout }).on('line', line => {
    const message = messageIn(line);
    if (message === undefined) return;
    if (message.method === undefined) {
      pending.get(Number(message.id))?.resolve(message);
      pending.delete(Number(message.id));
    } else if (message.id !== undefined) send({ id: message.id, result: onRequest(message.method) });
  });

  return {
    request(method, params) {
      const id = (lastId += 1);
      const answer = new Promise<Answer>((resolve, reject) => {
        if (child.exitCode !== null || child.signalCode !== null) return reject(new Error('The sample server is gone'));
        pending.set(id, { resolve, reject });
        send({ id, method, ...(params === undefined ? {} : { params }) });
      });
      // Whoever gives up on an answer need not catch its failure.
      answer.catch(() => undefined);
      return { id, answer };
    },
    notify: (method, params) => void send({ method, ...(params === undefined ? {} : { params }) }),
    async close() {
      child.stdin.end();
      const firmly = setTimeout(() => child.kill('SIGTERM'), LEAVE_MS);
      const atOnce = setTimeout(() => child.kill('SIGKILL'), 2 * LEAVE_MS);
      await exited;
      clearTimeout(firmly);
      clearTimeout(atOnce);
    },
  };
}

type Message = Answer & { readonly id?: string | number; readonly method?: string };

/** A stray line of the server is skipped, as every client does. */
function messageIn(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}
