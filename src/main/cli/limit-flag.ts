/** `--limit N` of the commands that have a most. */
import { CommandError, exitCodes } from './exit-codes.ts';

/** The number that was asked for, or the usual one. CommandError (usage) where it is none from 1 to `max`. */
export function limitOf(wish: string | boolean | undefined, { usual, max }: { readonly usual: number; readonly max: number }): number {
  if (wish === undefined) return usual;
  const limit = Number(wish);
  if (!/^[1-9]\d*$/.test(String(wish)) || limit > max) throw new CommandError(exitCodes.usage, `--limit needs a number from 1 to ${max}.`);
  return limit;
}
