/** Passes bytes on as they come, with back-pressure. Forwards first; the copy for the record comes second. */
import type { Readable, Writable } from 'node:stream';

export interface Relay {
  readonly from: Readable;
  readonly to: Writable;
  /** Sees each chunk after it was passed on. */
  readonly copy: (chunk: Uint8Array) => void;
  /** Everything was read and handed to `to`. */
  readonly onEnd: () => void;
  /** `to` takes nothing any more (its reader has gone); what still comes is only copied, unless `from` is destroyed. */
  readonly onBroken: () => void;
}

export function relay({ from, to, copy, onEnd, onBroken }: Relay): void {
  let isBroken = false;
  from.on('data', (chunk: Uint8Array) => {
    if (!isBroken && !to.write(chunk)) from.pause();
    copy(chunk);
  });
  to.on('drain', () => from.resume());
  from.once('end', onEnd);
  // A reset reads like an end: whoever wrote is gone.
  from.once('error', onEnd);
  to.on('error', () => {
    if (isBroken) return;
    isBroken = true;
    from.resume();
    onBroken();
  });
}
