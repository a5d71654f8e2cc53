/** Waits for the person, the system or a client of the contract to end a host. */

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/** Who ended it: a person at the keyboard or a window, or the system. */
export type StopCause = 'person' | 'system';

export interface StopWatch {
  /** Resolves at the first signal or at `stop`. `system`: a service manager asked (SIGTERM), and somebody may balance in front of us. */
  readonly stopped: Promise<StopCause>;
  stop(): void;
  /** No longer minds signals. */
  release(): void;
}

/** Listens at once, so that a signal during the start is not lost. A second signal ends the process where it stands. */
export function untilStopped(): StopWatch {
  const { promise, resolve } = Promise.withResolvers<StopCause>();
  let isStopping = false;
  const onSignal = (signal: (typeof signals)[number]) => {
    if (isStopping) process.exit(128 + numbers[signal]);
    isStopping = true;
    resolve(signal === 'SIGTERM' ? 'system' : 'person');
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    stopped: promise,
    stop: () => resolve('person'),
    release() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
