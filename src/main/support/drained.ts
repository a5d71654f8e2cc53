/** Answers whose body says nothing. */

/** A word such as "Accepted" is read, so that the connection can be used again; a body beyond this costs it. */
const MAX_BYTES = 64 * 1024;

/** What of a body source is needed to read it for nobody. */
interface Drainable {
  start(sink: { data(chunk: Uint8Array): boolean; end(): void; fail(): void }): void;
  abort(): void;
}

/** Reads a body for nobody. */
export function drained(body: Drainable): void {
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
