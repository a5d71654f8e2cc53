/** The arithmetic of the benchmark: percentiles inside a round, medians and ratios over rounds. Pure. */

/** The value below which `share` (0 to 1) of the values lie, by nearest rank. NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const ascending = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * ascending.length));
  return ascending[Math.min(rank, ascending.length) - 1] as number;
}

/** The middle value; of an even count the mean of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const ascending = [...values].sort((a, b) => a - b);
  const middle = ascending.length >> 1;
  const upper = ascending[middle] as number;
  return ascending.length % 2 === 1 ? upper : ((ascending[middle - 1] as number) + upper) / 2;
}

/**
 * What a hop adds: per round its value minus that of the direct path in the same round, then the median.
 * Pairing by round keeps a slow minute of the machine out of the difference.
 */
export function addedOver(direct: readonly number[], hop: readonly number[]): number {
  return median(paired(direct, hop).map(([base, value]) => value - base));
}

/** How many times the reference a hop reaches: the median of the ratios of each round. */
export function ratioTo(reference: readonly number[], hop: readonly number[]): number {
  return median(paired(reference, hop).map(([base, value]) => value / base));
}

/** Half the distance between the quartiles as a share of the median: how much the rounds disagree. */
export function spread(values: readonly number[]): number {
  return (percentile(values, 0.75) - percentile(values, 0.25)) / 2 / median(values);
}

/** Every hop comes first once in as many rounds as there are hops, so that none always follows the same neighbour's noise. */
export function orderOfRound<T>(items: readonly T[], round: number): T[] {
  if (items.length === 0) return [];
  const from = round % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
}

function paired(first: readonly number[], second: readonly number[]): [number, number][] {
  const count = Math.min(first.length, second.length);
  return Array.from({ length: count }, (_, index) => [first[index] as number, second[index] as number]);
}
