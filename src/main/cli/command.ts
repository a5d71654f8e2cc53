/** What a command is: its flags, its help, and what it does with them. */
import type { ComponentLogs, Logger } from '../ports.ts';
import type { ProgramFiles } from '../headless/program-files.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Screen } from './screen.ts';

export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** May be given more than once: its value is then a list. */
  readonly multiple?: boolean;
}

export interface CommandInput {
  /** Values of the command's own flags. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly words: readonly string[];
  readonly dataDir: string;
  /** Print JSON for programs instead of tables for people. */
  readonly isJson: boolean;
  readonly log: Logger;
  /** The log by component; `log` is that of none. */
  readonly logs: ComponentLogs;
  readonly program: ProgramFiles;
  readonly screen: Screen;
}

export interface Command {
  /** Behind `shadowcat`, for instance `session show ID`. */
  readonly usage: string;
  /** What it does, and its flags, one line each. */
  readonly help: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** How many words it takes besides flags. */
  readonly words: { readonly min: number; readonly max: number };
  run(input: CommandInput): Promise<ExitCode>;
}

/** Flags that every command takes. */
export const globalFlags = {
  'data-dir': { type: 'string' },
  'log-level': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Record<string, Flag>;
