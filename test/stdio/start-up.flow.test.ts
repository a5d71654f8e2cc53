/** What the shim adds to the start of a server, measured on the bundled file, as clients run it. The bench measures it with more care. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { build, type Rolldown } from 'vite';
import { tempDataDir } from '../kit/stdio-shim.ts';

const root = join(import.meta.dirname, '../..');
const rounds = 21;
const echo = 'process.stdin.once("data",bytes=>{process.stdout.write(bytes);process.exit(0)})';

/** Milliseconds from the spawn to the first answer, or to the exit where nothing answers. */
function timeOf(args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let answeredMs: number | undefined;
    child.stdin.on('error', () => undefined).write('{}\n');
    child.stdout.once('data', () => (answeredMs = performance.now() - startedAt));
    child.once('error', reject);
    child.once('close', () => resolve(answeredMs ?? performance.now() - startedAt));
  });
}

test('a wrapped server answers at most 60 ms later than Node itself needs to start twice', async () => {
  using dir = tempDataDir();
  const shim = join(dir.path, 'shim.mjs');
  writeFileSync(shim, await bundle());
  const variants = { node: ['-e', '0'], direct: ['-e', echo], wrapped: [shim, '--data-dir', dir.path, '--', process.execPath, '-e', echo] };
  const times: Record<keyof typeof variants, number[]> = { node: [], direct: [], wrapped: [] };
  for (let round = 0; round < rounds; round += 1)
    for (const name of ['node', 'direct', 'wrapped'] as const) times[name].push(await timeOf(variants[name]));
  const sorted = (name: keyof typeof variants): number[] => times[name].toSorted((one, other) => one - other);
  const median = (name: keyof typeof variants): number => sorted(name)[rounds >> 1] as number;
  const best = (name: keyof typeof variants): number => sorted(name)[0] as number;
  const added = (of: typeof median): number => of('wrapped') - of('direct') - of('node');
  process.stderr.write(
    `start-up of ${rounds} runs each, median (best): node ${median('node').toFixed(1)} (${best('node').toFixed(1)}) ms, direct ${median('direct').toFixed(1)} (${best('direct').toFixed(1)}) ms, ` +
      `wrapped ${median('wrapped').toFixed(1)} (${best('wrapped').toFixed(1)}) ms; added beyond Node ${added(median).toFixed(1)} (${added(best).toFixed(1)}) ms\n`,
  );
  // The best of many runs: other work on the machine makes each of them slower, never faster.
  expect(added(best)).toBeLessThan(60);
});

/** As the build makes it: one file, nothing beside Node's built-ins. */
async function bundle(): Promise<string> {
  const result = await build({
    configFile: false,
    root,
    logLevel: 'error',
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      write: false,
      ssr: true,
      target: 'node20',
      minify: true,
      rolldownOptions: { input: join(root, 'src/main/shim.ts'), output: { format: 'es', codeSplitting: false } },
    },
  });
  const outputs = (Array.isArray(result) ? result : [result as Rolldown.RolldownOutput]).flatMap(part => part.output);
  const [chunk, ...more] = outputs.filter(output => output.type === 'chunk');
  if (chunk === undefined || more.length > 0) throw new Error('The shim is more than one file');
  expect(chunk.imports.filter(name => !name.startsWith('node:'))).toEqual([]);
  return chunk.code;
}
