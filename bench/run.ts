/**
 * `npm run bench`: measures the product beside references in one run and holds it against its goals. All on loopback,
 * in a scratch directory, with nothing left behind. Ends with 0 however the goals turn out: a bench on a busy machine
 * is no test.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { judge } from './goals.ts';
import { type PartName, readOptions, usage } from './options.ts';
import { measureBridge } from './parts/bridge.ts';
import { measureGateway } from './parts/gateway.ts';
import { measureProxy } from './parts/proxy.ts';
import { measureSse } from './parts/sse.ts';
import { measureStart } from './parts/start.ts';
import { measureWrap } from './parts/wrap.ts';
import { reportText } from './report.ts';
import type { RunContext } from './run-context.ts';
import { Figures } from './series.ts';
import { Stand } from './stand.ts';
import { findTool } from './tools.ts';

const measureParts: Readonly<Record<PartName, (context: RunContext) => Promise<void>>> = {
  proxy: measureProxy,
  gateway: measureGateway,
  bridge: measureBridge,
  sse: measureSse,
  wrap: measureWrap,
  start: measureStart,
};

/** How the time is divided; a run of fewer parts divides it among those. */
const shares: Readonly<Record<PartName, number>> = { proxy: 0.35, gateway: 0.25, bridge: 0.18, sse: 0.09, wrap: 0.1, start: 0.03 };

const options = readOptions(process.argv.slice(2));
if (options === 'help') {
  process.stdout.write(usage);
} else if ('problem' in options) {
  process.stderr.write(`bench: ${options.problem}\n\n${usage}`);
  process.exitCode = 2;
} else {
  const stand = new Stand();
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    process.once(signal, () => void stand.close().finally(() => process.exit(code)));

  const figures = new Figures();
  const startedAt = new Date();
  const loadBefore = loadavg()[0] ?? 0;
  if (loadBefore > 0.5) stand.note(`The machine was already busy (load ${loadBefore.toFixed(1)}): these figures are noisy.`);
  if (options.isQuick) stand.note('A quick run: it shows that the benchmark works; its figures prove nothing.');

  const shareSum = options.parts.reduce((sum, part) => sum + shares[part], 0);
  for (const part of options.parts) {
    const budgetMs = (options.budgetMs * shares[part]) / shareSum;
    await runPart(part, { stand, figures, options, budgetMs, progress });
  }
  await stand.close();

  const goals = judge(figures, options.parts);
  progress('');
  process.stdout.write(`\n${reportText({ figures, goals, notes: stand.notes, parts: options.parts })}`);
  const took = ((Date.now() - startedAt.getTime()) / 1_000).toFixed(0);
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version, platform: process.platform, loadBefore };
  const tools = { nginx: findTool('nginx') !== undefined, wrk: findTool('wrk') !== undefined };
  const results = { at: startedAt.toISOString(), seconds: Number(took), options, machine, tools, notes: stand.notes, goals, figures };
  const file = writeResults(startedAt, results);
  process.stdout.write(`\n  ${took} s. All figures: ${file}\n`);
}

/** One part that breaks must not cost the figures of the others; it does cost the exit code. */
async function runPart(part: PartName, context: RunContext): Promise<void> {
  try {
    await measureParts[part](context);
  } catch (error) {
    process.exitCode = 1;
    context.stand.note(`${part} broke off: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function writeResults(at: Date, results: unknown): string {
  const dir = join(import.meta.dirname, 'results');
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `${at.toISOString().replaceAll(':', '-').slice(0, 19)}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  return file;
}

/** One line that is overwritten on a terminal; elsewhere only the tables are wanted. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
