/** Guesses what a mistyped word was meant to be. */

/** The known word within two edits (one for short words), or undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const allowed = word.length <= 4 ? 1 : 2;
  const ranked = known.map(name => ({ name, distance: editDistance(word, name) })).sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  if (best !== undefined && best.distance <= allowed) return best.name;
  return word.length < 3 ? undefined : known.find(name => name.startsWith(word));
}

/** What could have been meant: the nearest name, else all there are (the first 20). */
export function oneOf(word: string, known: readonly string[]): string {
  const guess = nearest(word, known);
  if (guess !== undefined) return `Did you mean ${guess}?`;
  return known.length === 0 ? 'There is none.' : `There is: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}.`;
}

/** Insertions, deletions, changes and swaps of neighbours. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const change = (last[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwap) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] ?? 0;
}
