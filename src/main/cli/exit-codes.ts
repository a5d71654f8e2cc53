/** How a command ends, in numbers that scripts may rely on. */
import type { ErrorCode } from '../../shared/errors/error-table.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';

export const exitCodes = {
  ok: 0,
  /** It was tried and failed; `doctor` also ends so when a check failed. */
  failed: 1,
  /** The command line itself is wrong: nothing was tried. */
  usage: 2,
  /** No such session, or nothing of the name that was given. */
  notFound: 3,
  /** The data directory, the port or the running host cannot be used now. */
  unavailable: 4,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends a command with a sentence for a person. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

const byErrorCode: Partial<Record<ErrorCode, ExitCode>> = {
  NOT_FOUND: exitCodes.notFound,
  BAD_CALL: exitCodes.usage,
  BAD_REQUEST: exitCodes.usage,
  CONFLICT: exitCodes.unavailable,
  NOT_ALLOWED: exitCodes.unavailable,
  SHUTTING_DOWN: exitCodes.unavailable,
};

/** The exit code of whatever ended a command. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exitCode;
  return (error instanceof TrafficError ? byErrorCode[error.code] : undefined) ?? exitCodes.failed;
}
