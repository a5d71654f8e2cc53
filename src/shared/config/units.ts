/** Durations and sizes as a configuration writes them: `250ms`, `30s`, `5m`, `1h`, `30d`; `64KiB`, `4MiB`, `2GiB`. Inside they are ms and bytes. */
import { z } from 'zod';

const msPer = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const bytesPer = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

const LONGEST_MS = 36_500 * msPer.d;
const LARGEST_BYTES = 1024 ** 5;
/** A timer of Node takes at most 2^31 − 1 ms and fires at once for more. */
const LONGEST_TIMER_MS = 24 * msPer.d;

/** Milliseconds; undefined for a text that is no duration. */
export function readDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * msPer[unit as keyof typeof msPer];
}

/** Bytes; undefined for a text that is no size. */
export function readSize(text: string): number | undefined {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/.exec(text) ?? [];
  return count === undefined ? undefined : Math.round(Number(count) * bytesPer[unit as keyof typeof bytesPer]);
}

/** A duration of the configuration, possibly zero; its value is milliseconds. */
export const Duration = z
  .string()
  .regex(/^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/, 'Write a duration with its unit, such as 250ms, 30s, 5m, 1h or 30d.')
  .transform(text => readDuration(text) as number)
  .refine(ms => ms <= LONGEST_MS, 'Write at most 36500d.');

/** A duration that something waits for: never zero, and no more than a timer can take. */
export const Timespan = Duration.refine(ms => ms >= 1 && ms <= LONGEST_TIMER_MS, 'Write a duration from 1ms to 24d.');

/** A size of the configuration; its value is bytes. */
export const Size = z
  .string()
  .regex(/^\d+(?:\.\d+)?(?:B|KiB|MiB|GiB)$/, 'Write a size with its unit, such as 64KiB, 4MiB or 2GiB.')
  .transform(text => readSize(text) as number)
  .refine(bytes => bytes >= 1 && bytes <= LARGEST_BYTES, 'Write a size from 1B to 1048576GiB.');
