/** The bundled sample server over HTTP, as a program of its own, for listeners to stand before. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface SampleUpstream {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `program` and waits until it says where it listens. */
export async function sampleUpstream(program: string): Promise<SampleUpstream> {
  const server = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'ignore'] });
  const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
  return {
    url: (JSON.parse(line) as { url: string }).url,
    async stop() {
      const exited = once(server, 'exit');
      server.stdin.end();
      await exited;
    },
  };
}
