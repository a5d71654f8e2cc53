/** Waits for the person, the system or a client of the contract to end a host. */

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

export interface StopWatch {
  /** Resolves at the first signal or at `stop`. */
  readonly stopped: Promise<void>;
  stop(): void;
  /** No longer minds signals. */
  release(): void;
}

/** Listens at once, so that a signal during the start is not lost. A second signal ends the process where it stands. */
export function untilStopped(): StopWatch {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isStopping = false;
  const onSignal = (signal: (typeof signals)[number]) => {
    if (isStopping) process.exit(128 + numbers[signal]);
    isStopping = true;
    resolve();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    stopped: promise,
    stop: resolve,
    release() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
