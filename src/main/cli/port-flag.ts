/** Reads `--port`. */
import { CommandError, exitCodes } from './exit-codes.ts';

/** The named port (0: any free one), or `undefined` when none was named. */
export function portFlag(value: string | boolean | undefined): number | undefined {
  if (value === undefined) return undefined;
  const port = Number(value);
  if (!/^\d{1,5}$/.test(String(value)) || port > 65_535) throw new CommandError(exitCodes.usage, '--port needs a number from 0 to 65535.');
  return port;
}
