/** Reads a configuration: text and layers in, either all that is wrong with it or a value that the engine can trust. */
import { createHash } from 'node:crypto';
import { Config } from '../../shared/config/schema.ts';
import { checkAuth } from './config-checks/auth.ts';
import type { ConfigCheck } from './config-checks/check.ts';
import { checkGuards } from './config-checks/guards.ts';
import { checkListeners } from './config-checks/listeners.ts';
import { checkSecrets } from './config-checks/secrets.ts';
import { checkLoops } from './config-checks/loops.ts';
import { checkUpstreams } from './config-checks/upstreams.ts';
import { issueFindings } from './config-issues.ts';
import { type ConfigEnv, type ConfigFlags, layered, type Layered, sourceOf } from './config-layers.ts';
import { type ConfigFinding, type ConfigProblem, pathText, readPath } from './config-problem.ts';
import { type ConfigContents, type ConfigDocument, readYaml } from './config-yaml.ts';

export interface ReadConfigOptions {
  /** Variables `SHADOWCAT__…`; others are not looked at. */
  readonly env?: ConfigEnv;
  /** Values by dotted path, above everything else. */
  readonly flags?: ConfigFlags;
  /** What others have to say of it, such as those who compile its expressions. */
  readonly checks?: readonly ConfigCheck[];
}

export type ReadConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly warnings: readonly ConfigProblem[];
      /** The file as text, as it goes into the history. */
      readonly text: string;
      /** SHA-256 in hexadecimal of what was read. */
      readonly hash: string;
      /** As the layers make it, before defaults. */
      readonly said: unknown;
      readonly layers: Layered;
      readonly yaml: ConfigDocument;
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[]; readonly warnings: readonly ConfigProblem[] };

const ownChecks: readonly ConfigCheck[] = [checkListeners, checkAuth, checkUpstreams, checkLoops, checkGuards, checkSecrets];

/**
 * Reads text or bytes of at most 4 MiB as YAML (hence JSON). Reports every problem that it finds, at most 200, in the
 * order of the lines. Throws nothing but what an injected check throws.
 */
export function readConfig(contents: ConfigContents, options: ReadConfigOptions = {}): ReadConfig {
  const read = readYaml(contents);
  if (!read.ok) return { ok: false, problems: read.problems, warnings: [] };
  const layers = layered(read.yaml.value, options.env ?? {}, options.flags ?? {});
  const misplaced = layers.problems.map(({ source, message }) => ({ line: 1, column: 1, path: '', message, source: source.name }));
  const parsed = Config.safeParse(layers.value);
  if (!parsed.success) {
    const problems = located(issueFindings(parsed.error.issues, layers.value), read.yaml, layers).map(plain);
    return { ok: false, problems: bounded([...misplaced, ...problems]), warnings: [] };
  }
  const own = located(
    ownChecks.flatMap(check => check(parsed.data)),
    read.yaml,
    layers,
  );
  const others = located(
    (options.checks ?? []).flatMap(check => check(parsed.data)),
    read.yaml,
    layers,
  );
  const all = [...own, ...others.filter(found => !own.some(known => isSameSpot(known, found)))].toSorted(inOrder);
  const warnings = bounded(all.filter(({ isWarning }) => isWarning).map(plain));
  const problems = bounded([...misplaced, ...all.filter(({ isWarning }) => !isWarning).map(plain)]);
  if (problems.length > 0) return { ok: false, problems, warnings };
  const { text } = read.yaml;
  return { ok: true, config: parsed.data, warnings, text, hash: configHash(contents), said: layers.value, layers, yaml: read.yaml };
}

/** SHA-256 in hexadecimal, by which versions of a file are told apart. */
export function configHash(contents: ConfigContents): string {
  return createHash('sha256').update(contents).digest('hex');
}

const MAX_PROBLEMS = 200;
const bounded = (problems: readonly ConfigProblem[]) => problems.slice(0, MAX_PROBLEMS);

interface Located extends ConfigProblem {
  readonly isWarning: boolean;
}

/** In the order of the lines. */
function located(findings: readonly ConfigFinding[], yaml: ConfigDocument, layers: Layered): Located[] {
  return findings
    .map(({ path: where, message, isAboutKey, isWarning = false }) => {
      const path = typeof where === 'string' ? (readPath(where) ?? []) : where;
      const source = sourceOf(layers.sources, path);
      const place = yaml.placeOf(path, isAboutKey === true ? 'key' : 'value');
      const found = { ...place, path: typeof where === 'string' ? where : pathText(path), message, isWarning };
      return source === undefined ? found : { ...found, source: source.name };
    })
    .toSorted(inOrder)
    .filter((found, at, all) => !isEcho(found, all[at - 1]));
}

/** What an alias repeats is one mistake, at one place. */
function isEcho(found: Located, before: Located | undefined): boolean {
  return found.line === before?.line && found.column === before.column && found.message === before.message;
}

const inOrder = (a: ConfigProblem, b: ConfigProblem): number => a.line - b.line || a.column - b.column;
const plain = ({ isWarning: _, ...problem }: Located): ConfigProblem => problem;

/** Those who compile a part look at it more closely than we do, and may find the same. */
const isSameSpot = (a: Located, b: Located): boolean => a.path === b.path && a.isWarning === b.isWarning;
