/**
 * Frames that a hub was sent and has not committed. A hub reads no faster than its store commits; a verdict must not wait for
 * that, so a shim that may ask sends only as many frames as such a hub has room for.
 */
const limitBytes = 4 * 1024 * 1024;

export class FrameWindow {
  #sent: { readonly seq: number; readonly bytes: number }[] = [];
  #bytes = 0;

  get isFull(): boolean {
    return this.#bytes > limitBytes;
  }

  sent(seq: number, parts: readonly Uint8Array[]): void {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    this.#sent.push({ seq, bytes });
    this.#bytes += bytes;
  }

  /** Frames up to `seq` are committed. True when there is room again. */
  ack(seq: number): boolean {
    const wasFull = this.isFull;
    let count = 0;
    while (count < this.#sent.length && (this.#sent[count]?.seq ?? 0) <= seq) {
      this.#bytes -= this.#sent[count]?.bytes ?? 0;
      count += 1;
    }
    if (count > 0) this.#sent.splice(0, count);
    return wasFull && !this.isFull;
  }

  clear(): void {
    this.#sent = [];
    this.#bytes = 0;
  }
}
