/** The durations of the newest answered requests, for the percentiles of the status strip. */
import type { ExchangeRecord, RecordSink } from '../traffic/records.ts';
import type { Clock } from '../ports.ts';
import { RecentDurations } from '../support/recent-durations.ts';

const KEPT = 2000;

/** The newest 2000; older than five minutes they do not count. */
export class Latencies {
  readonly #durations: RecentDurations;

  constructor(clock: Clock) {
    this.#durations = new RecentDurations(clock, KEPT);
  }

  note(exchange: ExchangeRecord): void {
    if (exchange.kind !== 'request' || exchange.responseSeq === undefined || exchange.durationMs === undefined) return;
    this.#durations.note(exchange.durationMs, exchange.startedAt + exchange.durationMs);
  }

  /** Nearest-rank percentiles, ms; empty when nothing was answered lately. */
  percentiles(): { readonly p50Ms?: number; readonly p95Ms?: number } {
    const { p50Ms, p95Ms } = this.#durations.percentiles();
    return p50Ms === undefined || p95Ms === undefined ? {} : { p50Ms, p95Ms };
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
