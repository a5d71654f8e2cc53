/** Tables with one row for each hop of a part. Pure. */
import { hopNames } from './hops/hop-names.ts';
import type { Figures } from './series.ts';
import { number, signed, textTable } from './table.ts';

/** A table of hops; a column is a heading and what stands there for a hop. */
export function hopTable(
  part: string,
  figures: Figures,
  title: string,
  columns: Readonly<Record<string, (hop: string) => string>>,
): string {
  const rows = figures
    .hops(part)
    .map(hop => [hop, ...Object.values(columns).map(cell => cell(hop))])
    // A part may leave a hop out of one of its comparisons.
    .filter(([, ...cells]) => cells.some(cell => cell !== '–'));
  return `${title}\n\n${textTable(['', ...Object.keys(columns)], rows)}`;
}

/** Of the direct path the figure itself, of every hop what it adds to that. */
export const addedTo =
  (figures: Figures, metric: string, scale = 1) =>
  (hop: string) =>
    hop === hopNames.direct ? number(figures.median(metric, hop) / scale) : signed(figures.added(metric, hop) / scale);

export const ratio = (figures: Figures, metric: string, reference: string) => (hop: string) => {
  const value = figures.ratio(metric, hop, reference);
  return Number.isFinite(value) ? `${number(value)}×` : '–';
};

export const addedRatio = (figures: Figures, metric: string, reference: string) => (hop: string) => {
  const value = hop === hopNames.direct ? Number.NaN : figures.added(metric, hop) / figures.added(metric, reference);
  return Number.isFinite(value) ? `${number(value)}×` : '–';
};
