/** How long the event loop kept work waiting, over the last ten seconds or so. Read by metrics and by the health page alike. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The monitor wakes so often and measures from wake to wake; what is beyond this is delay. */
const RESOLUTION_MS = 10;
const WINDOW_MS = 10_000;

export interface EventLoopDelays {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface EventLoopMonitor {
  /** Of the last whole window and the one that runs, whichever is worse; zeros before the first measurement. */
  delays(): EventLoopDelays;
  close(): void;
}

const none: EventLoopDelays = { meanMs: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 };

/** Measures outside of JavaScript; the window turns by an `unref`ed timer. */
export function eventLoopMonitor(windowMs = WINDOW_MS): EventLoopMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let last = none;
  const read = (): EventLoopDelays => {
    if (histogram.count === 0) return none;
    const ms = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    return {
      meanMs: ms(histogram.mean),
      p50Ms: ms(histogram.percentile(50)),
      p90Ms: ms(histogram.percentile(90)),
      p99Ms: ms(histogram.percentile(99)),
      maxMs: ms(histogram.max),
    };
  };
  const turning = setInterval(() => {
    last = read();
    histogram.reset();
  }, windowMs).unref();
  return {
    delays() {
      const now = read();
      return now.maxMs >= last.maxMs ? now : last;
    },
    close() {
      clearInterval(turning);
      histogram.disable();
    },
  };
}
