/**
 * Runs the official conformance suite against a URL and reads what it found, in a form two runs can be compared in.
 * The suite writes one `checks.json` per scenario; those are the result, its printed summary is not.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asJsonObject, runToEnd } from '../peers/child-process.ts';

const suiteFile = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js');
// RFC 9110, 7.6.1: these describe the connection they came on, so each side of a hop has its own.
const hopByHop: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);
const runDeadlineMs = 120_000;

/** The frozen sets of scenarios a revision requires. */
export const requirementSets = ['2025-11-25', '2026-07-28'] as const;
export type RequirementSet = (typeof requirementSets)[number];

export interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly errorMessage?: string;
  readonly [field: string]: unknown;
}

/** Scenario name to its checks, in the order the suite made them. */
export type SuiteResult = ReadonlyMap<string, readonly Check[]>;

/** Runs a requirement set against `url`, keeping the suite's files in `outputDir`. */
export async function runSuite(run: { url: string; requirements: RequirementSet; outputDir: string; home: string }): Promise<SuiteResult> {
  const args = [suiteFile, 'server', '--url', run.url, '--requirements', run.requirements, '-o', run.outputDir];
  const { code, stdout, stderr } = await runToEnd({ args, home: run.home }, runDeadlineMs);
  // 1 only says that some check failed, which is for the test to judge.
  if (code !== 0 && code !== 1) throw new Error(`The suite ended with ${String(code)}: ${stderr.slice(-2_000)}`);
  const announced = stdout.match(/^=== Running scenario: /gm)?.length ?? 0;
  const result = await readResult(run.outputDir, stderr);
  if (result.size !== announced) throw new Error(`The suite announced ${announced} scenarios but wrote ${result.size}`);
  return result;
}

/** All checks of a result, each with the scenario it belongs to. */
export function allChecks(result: SuiteResult): { scenario: string; check: Check }[] {
  return [...result].flatMap(([scenario, checks]) => checks.map(check => ({ scenario, check })));
}

/**
 * The result with everything replaced that differs between two runs against the very same server: points in time,
 * ports, session ids, ids made from the clock, signed state, and headers that belong to one connection; and which of the requests that
 * the suite sends at once came first. Nothing else is touched; in particular the order of checks and of events inside them is compared.
 */
export function comparable(result: SuiteResult): Record<string, unknown> {
  return Object.fromEntries(
    [...result].map(([scenario, checks]) => [
      scenario,
      masked(scenario === 'sse-multiple-streams' ? checks.map(withStreamsInOrder) : checks),
    ]),
  );
}

/** A server numbers the events of all its streams in a row, so of streams that are opened at once the first to arrive gets the smallest ids. */
function withStreamsInOrder(check: Check): Check {
  const { details } = check as { readonly details?: { readonly [field: string]: unknown } };
  const streams = Object.entries(details ?? {}).find(([, field]) => isStreams(field));
  if (streams === undefined) return check;
  const [name, results] = streams as [string, readonly StreamSeen[]];
  const ids = results.map(({ event }) => event.id).toSorted();
  return { ...check, details: { ...details, [name]: results.map((seen, at) => ({ ...seen, event: { ...seen.event, id: ids[at] } })) } };
}

interface StreamSeen {
  readonly event: { readonly id: string };
}

function isStreams(value: unknown): value is readonly StreamSeen[] {
  const hasId = (one: Partial<StreamSeen> | null) => typeof one?.event?.id === 'string';
  return Array.isArray(value) && value.length > 0 && (value as (Partial<StreamSeen> | null)[]).every(hasId);
}

async function readResult(outputDir: string, stderr: string): Promise<SuiteResult> {
  const result = new Map<string, readonly Check[]>();
  for (const directory of (await readdir(outputDir)).toSorted()) {
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(directory)?.[1];
    if (scenario === undefined) throw new Error(`Not a scenario's directory: ${directory}`);
    const checksFile = join(outputDir, directory, 'checks.json');
    result.set(scenario, existsSync(checksFile) ? (JSON.parse(await readFile(checksFile, 'utf8')) as Check[]) : [broken(scenario, stderr)]);
  }
  return result;
}

/** A scenario that threw wrote no checks; the suite counts it as one failure and says why on stderr. */
function broken(scenario: string, stderr: string): Check {
  const line = stderr.split('\n').find(text => text.startsWith(`Failed to run scenario ${scenario}:`));
  if (line === undefined) throw new Error(`Scenario ${scenario} left neither checks nor a reason`);
  return { id: scenario, status: 'FAILURE', errorMessage: line };
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value === 'string') return maskedText(value);
  // The suite makes some JSON-RPC ids from the clock, and servers echo them.
  if (typeof value === 'number') return value > 1_500_000_000_000 && value < 5_000_000_000_000 ? '<clock>' : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, field]) => (hopByHop.has(key) ? [] : [[key, masked(field)]])));
}

function maskedText(text: string): string {
  const message = asJsonObject(text);
  if (message !== undefined) return JSON.stringify(masked(message));
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replaceAll(/\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\b/g, '<time>')
    .replaceAll(/\b(127\.0\.0\.1|localhost|\[::1\]):\d+/g, '$1:<port>')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uuid>')
    .replaceAll(/\bv1\.[\w-]{20,}\.[\w-]{20,}/g, '<signed state>');
}
