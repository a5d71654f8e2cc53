/** Reads a stream chunk by chunk, no faster than its taker takes. */
import type { Readable } from 'node:stream';

export interface Relay {
  readonly from: Readable;
  /** Passes a chunk on, and notes it after that. */
  readonly take: (chunk: Uint8Array) => void;
  /** Nothing more should be read for now; `steer` is called when that changes. */
  readonly isFull: () => boolean;
  /** Everything was read. */
  readonly onEnd: () => void;
}

/** Returns `steer`, which looks again whether to read on. */
export function relay({ from, take, isFull, onEnd }: Relay): () => void {
  from.on('data', (chunk: Uint8Array) => {
    take(chunk);
    if (isFull()) from.pause();
  });
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    onEnd();
  };
  from.once('end', end);
  // A reset reads like an end: whoever wrote is gone.
  from.once('error', end);
  return () => {
    if (!isFull()) from.resume();
  };
}
