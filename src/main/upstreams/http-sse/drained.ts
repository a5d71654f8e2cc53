/** Answers whose body says nothing. */
import type { BodySource } from '../../pipeline/stage.ts';

/** A word such as "Accepted" is read, so that the connection can be used again; a body beyond this costs it. */
const MAX_BYTES = 64 * 1024;

/** Reads a body for nobody. */
export function drained(body: BodySource): void {
  let sizeBytes = 0;
  body.start({
    data(chunk) {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_BYTES) body.abort();
      return true;
    },
    end() {},
    fail() {},
  });
}
