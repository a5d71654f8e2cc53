/** Plain text tables for the terminal. Pure. */

/** First column to the left, numbers to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map(row => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    `  ${widths.map((width, column) => (column === 0 ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width))).join('  ')}`.trimEnd();
  return [line(header), `  ${widths.map(width => '-'.repeat(width)).join('  ')}`, ...rows.map(line)].join('\n');
}

/** Three figures that count, thousands apart; a dash for what was not measured. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Like `number`, with its sign: for what a hop adds. */
export function signed(value: number): string {
  return Number.isFinite(value) && value >= 0 ? `+${number(value)}` : number(value);
}
