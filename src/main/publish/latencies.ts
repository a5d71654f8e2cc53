/** The durations of the newest answered requests, for the percentiles of the status strip. */
import type { ExchangeRecord, RecordSink } from '../traffic/records.ts';
import type { Clock } from '../ports.ts';

const KEPT = 2000;
const WINDOW_MS = 5 * 60_000;

/** A ring of the newest 2000 durations; older than five minutes they do not count. */
export class Latencies {
  readonly #clock: Clock;
  readonly #durations = new Float64Array(KEPT);
  readonly #answeredAt = new Float64Array(KEPT);
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(exchange: ExchangeRecord): void {
    if (exchange.kind !== 'request' || exchange.responseSeq === undefined || exchange.durationMs === undefined) return;
    const slot = this.#count % KEPT;
    this.#durations[slot] = exchange.durationMs;
    this.#answeredAt[slot] = exchange.startedAt + exchange.durationMs;
    this.#count += 1;
  }

  /** Nearest-rank percentiles, ms; empty when nothing was answered lately. */
  percentiles(): { readonly p50Ms?: number; readonly p95Ms?: number } {
    const since = this.#clock.now() - WINDOW_MS;
    const recent: number[] = [];
    for (let slot = 0; slot < Math.min(this.#count, KEPT); slot += 1)
      if ((this.#answeredAt[slot] as number) >= since) recent.push(this.#durations[slot] as number);
    if (recent.length === 0) return {};
    recent.sort((one, other) => one - other);
    const rank = (share: number) => recent[Math.max(0, Math.ceil(share * recent.length) - 1)] as number;
    return { p50Ms: rank(0.5), p95Ms: rank(0.95) };
  }
}

/** Lets latencies see the exchanges on their way to the recorder. */
export function observedSink(sink: RecordSink, latencies: Latencies): RecordSink {
  return {
    session: record => sink.session(record),
    frame: record => sink.frame(record),
    exchange(record) {
      latencies.note(record);
      sink.exchange(record);
    },
  };
}
