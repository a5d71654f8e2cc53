/** Sizes and counts as the window writes them. */

const counts = new Intl.NumberFormat('en-US');

/** 612 B, 1.4 kB, 23 kB, 3.2 MB: decimal units, two digits that matter. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  for (const [unit, size] of [
    ['kB', 1e3],
    ['MB', 1e6],
    ['GB', 1e9],
  ] as const) {
    const scaled = value / size;
    if (scaled < 9.95) return `${scaled.toFixed(1)} ${unit}`;
    if (scaled < 999.5 || unit === 'GB') return `${counts.format(Math.round(scaled))} ${unit}`;
  }
  return `${value} B`;
}

/** 18,204 */
export function count(value: number): string {
  return counts.format(value);
}

/** 1 session, 2 sessions */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${counts.format(value)} ${value === 1 ? one : many}`;
}
