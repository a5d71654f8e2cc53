/** Waits for the person, the system or a client of the contract to end a host; meanwhile SIGHUP may ask for something else. */

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

/**
 * Listens at once, so that a signal during the start is not lost. A second signal ends the process where it stands. With
 * `onHangup`, SIGHUP calls that and ends nothing, where it cannot mean that a terminal was closed.
 */
export function untilStopped({ onHangup }: { readonly onHangup?: () => void } = {}): StopWatch {
  const { promise, resolve } = Promise.withResolvers<StopCause>();
  const isHangupAsked = onHangup !== undefined && !belongsToTerminal();
  let isStopping = false;
  const onSignal = (signal: (typeof signals)[number]) => {
    if (signal === 'SIGHUP' && isHangupAsked) {
      if (!isStopping) onHangup();
      return;
    }
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

/** Decided at the start, because a terminal that has gone is none any more. On Windows SIGHUP is the console window being closed. */
function belongsToTerminal(): boolean {
  return process.platform === 'win32' || process.stdout.isTTY;
}
