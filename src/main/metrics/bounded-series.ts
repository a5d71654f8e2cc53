/** The label sets of one metric: each is made once, and there are at most so many. */

export type Labels<Name extends string> = Readonly<Record<Name, string>>;

/** Finds the label set for a list of values by one joined key. Beyond `max` sets every new one becomes that of `_other` throughout. */
export class BoundedSeries<Name extends string> {
  readonly #names: readonly Name[];
  readonly #max: number;
  readonly #overflow: Labels<Name>;
  readonly #byKey = new Map<string, Labels<Name>>();
  #overflowCount = 0;

  constructor(names: readonly Name[], max: number, other: string) {
    this.#names = names;
    this.#max = max;
    this.#overflow = this.#labels(names.map(() => other));
  }

  /** Observations that found no room for labels of their own. */
  get overflowCount(): number {
    return this.#overflowCount;
  }

  /** Values in the order of the names. */
  labels(...values: readonly string[]): Labels<Name> {
    // No label of ours holds a line feed: they are configured names, methods and numbers.
    const key = values.join('\n');
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#byKey.size >= this.#max) {
      this.#overflowCount += 1;
      return this.#overflow;
    }
    const made = this.#labels(values);
    this.#byKey.set(key, made);
    return made;
  }

  #labels(values: readonly string[]): Labels<Name> {
    return Object.fromEntries(this.#names.map((name, at) => [name, values[at] ?? ''])) as Record<Name, string>;
  }
}
