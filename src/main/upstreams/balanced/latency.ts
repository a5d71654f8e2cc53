/** Latency of an instance as an average that forgets: recent answers count more, and silence lets it fade towards what comes next. */

/** After this long an old value has lost two thirds of its say. */
const TAU_MS = 10_000;

export class Latency {
  #valueMs: number | undefined;
  #atMs = 0;

  observe(nowMs: number, latencyMs: number): void {
    if (this.#valueMs === undefined) this.#valueMs = latencyMs;
    else {
      // A worse value is believed at once, a better one by and by: a server that begins to crawl gets less traffic right away.
      const share = latencyMs > this.#valueMs ? 0.5 : 1 - Math.exp(-Math.max(1, nowMs - this.#atMs) / TAU_MS);
      this.#valueMs += (latencyMs - this.#valueMs) * Math.max(share, 0.05);
    }
    this.#atMs = nowMs;
  }

  get valueMs(): number | undefined {
    return this.#valueMs;
  }
}
