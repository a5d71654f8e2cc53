/** All that a run measured: one value per round for each figure of each hop. Tables, goals and the JSON file read from here. */
import { hopNames } from './hops/hop-names.ts';
import { addedOver, median, ratioTo, spread } from './stats.ts';

/** One figure of one hop over the rounds. */
export interface Series {
  readonly part: string;
  readonly metric: string;
  readonly hop: string;
  readonly unit: string;
  readonly rounds: number[];
}

/** Hops are compared within one metric; `direct` is the path without a hop. */
export class Figures {
  readonly #series = new Map<string, Series>();

  /** Adds the value of the next round. */
  add(key: { part: string; metric: string; hop: string; unit: string }, value: number): void {
    const name = `${key.metric}\n${key.hop}`;
    const known = this.#series.get(name) ?? { ...key, rounds: [] };
    known.rounds.push(value);
    this.#series.set(name, known);
  }

  rounds(metric: string, hop: string): readonly number[] {
    return this.#series.get(`${metric}\n${hop}`)?.rounds ?? [];
  }

  /** NaN where it was not measured; tables show that as a dash and goals as "not measured". */
  median(metric: string, hop: string): number {
    return median(this.rounds(metric, hop));
  }

  /** What a hop takes beyond the direct path. */
  added(metric: string, hop: string): number {
    return this.beyond(metric, hop, hopNames.direct);
  }

  /** What a hop takes beyond another one. */
  beyond(metric: string, hop: string, reference: string): number {
    return addedOver(this.rounds(metric, reference), this.rounds(metric, hop));
  }

  ratio(metric: string, hop: string, reference: string): number {
    return ratioTo(this.rounds(metric, reference), this.rounds(metric, hop));
  }

  /** The hops that were measured in a part, always in the same order. */
  hops(part: string): string[] {
    const measured = new Set(this.all().flatMap(series => (series.part === part ? [series.hop] : [])));
    return Object.values(hopNames).filter(name => measured.has(name));
  }

  all(): Series[] {
    return [...this.#series.values()];
  }

  toJSON(): unknown {
    return this.all().map(series => ({ ...series, median: median(series.rounds), spread: spread(series.rounds) }));
  }
}
