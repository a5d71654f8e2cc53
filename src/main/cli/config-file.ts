/** The configuration that a command is about: named, or the usual one of the data directory, with the layers of this environment. */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expressionChecks } from '../engine.ts';
import { checksHere } from '../settings/config-checks/checks-here.ts';
import { problemText } from '../settings/config-problem.ts';
import { MAX_CONFIG_BYTES } from '../settings/config-yaml.ts';
import { readConfig, type ReadConfig } from '../settings/read-config.ts';
import { readFileUpTo } from '../secrets/references.ts';
import type { CommandInput } from './command.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { printable } from './screen.ts';

export interface ConfigFileRead {
  /** As it is shown: as it was named, or below the current directory. */
  readonly file: string;
  readonly read: ReadConfig;
}

/** Reads the file with variables `SHADOWCAT__…` on top. Ends the command when there is no such file. */
export async function readConfigFile({ words, dataDir }: CommandInput): Promise<ConfigFileRead> {
  const [named] = words;
  const path = named ?? join(dataDir, 'shadowcat.yaml');
  if (named === undefined && !existsSync(path))
    throw new CommandError(exitCodes.failed, `There is no configuration at ${path}. Write one with shadowcat config init, or name a file.`);
  let contents: Uint8Array;
  try {
    contents = await readFileUpTo(path, MAX_CONFIG_BYTES + 1);
  } catch (error) {
    throw new CommandError(exitCodes.failed, `${path} cannot be read: ${reasonOf(error)}.`);
  }
  return {
    file: named ?? shortest(path),
    read: readConfig(contents, {
      env: process.env,
      checks: [...expressionChecks, ...checksHere(process.env)],
    }),
  };
}

/** Lines as compilers print them, so that editors can jump to them. */
export function findingLines({ file, read }: ConfigFileRead): string[] {
  const problems = read.ok ? [] : read.problems;
  return [
    ...problems.map(problem => problemText(problem, file)),
    ...read.warnings.map(problem => problemText({ ...problem, message: `warning: ${problem.message}` }, file)),
  ].map(line => `${printable(line)}\n`);
}

function shortest(path: string): string {
  const below = relative(process.cwd(), path);
  return below.length < path.length && !below.startsWith('..') ? below : path;
}

/** Why a file cannot be read, within a sentence. */
export function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'it is not there';
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not';
  return error instanceof Error ? error.message : String(error);
}
