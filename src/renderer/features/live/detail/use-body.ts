/** The bytes of a frame, pulled in slices: the head at once, the rest when a person asks for it. */
import { useCallback, useEffect, useReducer, useRef } from 'react';
import type { FrameSummary } from '../../../../shared/model/frame.ts';
import { useWorkbench } from '../../../state/use-workbench.ts';

/** A body up to this size is fetched and drawn whole. */
export const WHOLE_BYTES = 1024 * 1024;
/** Of a larger one only its head is shown until a person asks. */
export const HEAD_BYTES = 32 * 1024;
/** What *Render anyway* will load at most; beyond it a browser tab is the wrong tool. */
export const MAX_BYTES = 64 * 1024 * 1024;
const SLICE_BYTES = 2 * 1024 * 1024;

export interface Body {
  readonly kind: 'loading' | 'here' | 'failed';
  /** UTF-8 text, or base64 where the bytes are no text. */
  readonly text: string;
  readonly encoding: 'utf8' | 'base64';
  readonly loadedBytes: number;
  readonly storedBytes: number;
  readonly maskedCount: number;
  readonly isWhole: boolean;
  readonly problem?: string;
}

const nothing: Body = { kind: 'loading', text: '', encoding: 'utf8', loadedBytes: 0, storedBytes: 0, maskedCount: 0, isWhole: false };

interface BodyWish {
  /** Exact bytes as they came, or decoded (gzip …). */
  readonly isExact: boolean;
  readonly isRevealed: boolean;
}

export function useBody(frame: FrameSummary | undefined, { isExact, isRevealed }: BodyWish): { body: Body; loadAll: () => void } {
  const { host } = useWorkbench();
  const [body, setBody] = useReducer((_: Body, next: Body) => next, nothing);
  const generation = useRef(0);
  const { sessionId, seq, storedBytes } = frame ?? { sessionId: '', seq: -1, storedBytes: 0 };

  const load = useCallback(
    async (limit: number) => {
      generation.current += 1;
      const mine = generation.current;
      let text = '';
      let maskedCount = 0;
      for (let offset = 0; ;) {
        const length = Math.min(SLICE_BYTES, limit - offset);
        const slice = await host.call('frame.body', { sessionId, seq, offset, length, decode: !isExact, reveal: isRevealed });
        // Another frame was picked while this one came in.
        if (mine !== generation.current) return;
        text += slice.text;
        maskedCount += slice.maskedCount;
        offset += length;
        const isWhole = offset >= slice.storedBytes;
        const isDone = isWhole || offset >= limit;
        const loadedBytes = Math.min(offset, slice.storedBytes);
        setBody({
          kind: isDone ? 'here' : 'loading',
          text,
          encoding: slice.encoding,
          loadedBytes,
          storedBytes: slice.storedBytes,
          maskedCount,
          isWhole,
        });
        if (isDone) return;
      }
    },
    [host, sessionId, seq, isExact, isRevealed],
  );

  const run = useCallback(
    (limit: number) => {
      load(limit).catch((error: unknown) =>
        setBody({ ...nothing, kind: 'failed', problem: error instanceof Error ? error.message : String(error) }),
      );
    },
    [load],
  );
  useEffect(() => {
    if (seq < 0) return;
    setBody(nothing);
    run(storedBytes > WHOLE_BYTES ? HEAD_BYTES : WHOLE_BYTES);
    return () => {
      generation.current += 1;
    };
  }, [run, seq, storedBytes]);

  return { body, loadAll: useCallback(() => run(MAX_BYTES), [run]) };
}
