/** Runs the official suite's client scenarios, each with a command of ours as the client, and reads what it found. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runToEnd } from '../peers/child-process.ts';
import type { Check, SuiteResult } from './compare.ts';

const suiteFile = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js');
const runDeadlineMs = 90_000;

export interface ClientRun {
  /** `--requirements` and a revision, or `--suite` and a name. */
  readonly which: readonly string[];
  /** The file to run with Node for each scenario. */
  readonly client: string;
  readonly env: Readonly<Record<string, string>>;
  readonly outputDir: string;
  readonly home: string;
}

/** The suite runs all its scenarios at once. */
export async function runClientSuite({ which, client, env, outputDir, home }: ClientRun): Promise<SuiteResult> {
  // The suite takes the command apart at its spaces and gives it to a shell, which needs the quotes.
  const args = [suiteFile, 'client', '--command', `node "${client}"`, ...which, '-o', outputDir, '--timeout', '45000'];
  const { code, stderr } = await runToEnd({ args, home, env }, runDeadlineMs);
  // 1 only says that some check failed, which is for the test to judge.
  if (code !== 0 && code !== 1) throw new Error(`The suite ended with ${String(code)}: ${stderr.slice(-2_000)}`);
  const result = new Map<string, readonly Check[]>();
  for (const file of await readdir(outputDir, { recursive: true })) {
    const scenario = /^(.+)-\d{4}-\d\d-\d\dT[\d-]+Z[/\\]checks\.json$/.exec(file)?.[1]?.replaceAll('\\', '/');
    if (scenario !== undefined) result.set(scenario, JSON.parse(await readFile(join(outputDir, file), 'utf8')) as Check[]);
  }
  return result;
}
