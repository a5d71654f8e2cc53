/** Everything the engine takes from the world: time, ids, logs, paths. Hosts supply it; tests supply fakes. */
import { randomFillSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';

export interface Clock {
  /** Epoch milliseconds, for people. */
  now(): number;
  /** Monotonic microseconds since an arbitrary origin, for durations. */
  monotonicUs(): number;
}

export interface Logger {
  debug(message: string, facts?: Record<string, unknown>): void;
  info(message: string, facts?: Record<string, unknown>): void;
  warn(message: string, facts?: Record<string, unknown>): void;
  error(message: string, facts?: Record<string, unknown>): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** One log for each component, each with a level of its own that can be changed while it runs. */
export interface ComponentLogs {
  of(component: string): Logger;
  /** Of one component, or of all that have no level of their own. */
  setLevel(component: string | undefined, level: LogLevel): void;
  /** By component; `all` is that of the others. */
  levels(): Readonly<Record<string, LogLevel>>;
  /** Values that no line may show; asked for each line. */
  hideValues(values: () => Iterable<string>): void;
  /** What a configuration says replaces everything that was set before, except for a level that was named on the command line. */
  configure(logging: {
    readonly level: LogLevel;
    readonly levels: Readonly<Record<string, LogLevel>>;
    readonly format: 'json' | 'text';
  }): void;
}

/** Makes opaque ids that need no quoting in URLs, file names and command lines. */
export interface Ids {
  next(): string;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicUs: () => Math.round(performance.now() * 1000),
};

const ID_BYTES = 8;
/** Asked for many at a time: every request takes an id, and a call into the generator costs more than all its bytes. */
const randomPool = Buffer.alloc(512 * ID_BYTES);
let usedBytes = randomPool.length;

export const randomIds: Ids = {
  next() {
    if (usedBytes === randomPool.length) {
      randomFillSync(randomPool);
      usedBytes = 0;
    }
    usedBytes += ID_BYTES;
    // Hexadecimal, because a base64url id may begin with `-` and then reads as a flag.
    return randomPool.toString('hex', usedBytes - ID_BYTES, usedBytes);
  },
};

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
