/** Judges recorded calls by a text, a moment after it was last changed. The answer before stays until the next one is there. */
import { useEffect, useRef, useState } from 'react';
import type { DryRunResult } from '../../../shared/model/gateway-state.ts';
import { useStatus, useWireState, useWorkbench } from '../../state/use-workbench.ts';

const SETTLE_MS = 400;

export interface DryRun {
  readonly result: DryRunResult | undefined;
  readonly tookMs: number | undefined;
  /** The result, where there is one, is of a text or a record that was there before. */
  readonly isRunning: boolean;
  readonly failure: string | undefined;
  /** Calls were recorded since. */
  readonly isOld: boolean;
  readonly again: () => void;
}

interface DryRunOptions {
  readonly text: string;
  readonly limit: number;
  /** What is in force, from which the result is the difference. */
  readonly inForce: string | undefined;
  /** A text that is wrong is not judged. */
  readonly isReady: boolean;
}

type Answer = Pick<DryRun, 'result' | 'tookMs' | 'failure'> & { readonly frameCount: number; readonly text: string | undefined };

export function useDryRun({ text, limit, inForce, isReady }: DryRunOptions): DryRun {
  const { host } = useWorkbench();
  const isConnected = useWireState().kind === 'connected';
  const [turn, setTurn] = useState(0);
  const [isRunning, setRunning] = useState(false);
  const [answer, setAnswer] = useState<Answer>({
    result: undefined,
    tookMs: undefined,
    failure: undefined,
    frameCount: 0,
    text: undefined,
  });
  const frameCount = useStatus()?.store.frameCount ?? 0;
  const seen = useRef(0);
  useEffect(() => {
    seen.current = frameCount;
  }, [frameCount]);
  // Where nothing was recorded, the first that is begins another run; later ones wait to be asked for, as looking through a record takes time.
  const isFirst = answer.result !== undefined && answer.frameCount === 0 && frameCount > 0;
  useEffect(() => {
    if (!isReady || !isConnected) return;
    let isCurrent = true;
    setRunning(true);
    const run = async (): Promise<Answer> => {
      const start = performance.now();
      const frames = seen.current;
      try {
        const result = await host.call('policy.dryRun', { text, limit });
        return { result, tookMs: performance.now() - start, failure: undefined, frameCount: frames, text };
      } catch (error) {
        return {
          result: undefined,
          tookMs: undefined,
          failure: error instanceof Error ? error.message : String(error),
          frameCount: frames,
          text,
        };
      }
    };
    const timer = setTimeout(
      () =>
        void run().then(found => {
          if (!isCurrent) return;
          setAnswer(found);
          setRunning(false);
        }),
      SETTLE_MS,
    );
    return () => {
      isCurrent = false;
      clearTimeout(timer);
      setRunning(false);
    };
  }, [host, text, limit, inForce, isReady, isConnected, turn, isFirst]);
  const isWaiting = isReady && answer.text !== text;
  return { ...answer, isRunning: isRunning || isWaiting, isOld: frameCount > answer.frameCount, again: () => setTurn(turn + 1) };
}
