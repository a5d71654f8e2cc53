/** Columns of the exchange table: which fit a pane, which a person chose, how wide each is. */
import type { Preferences } from '../../shared/model/preferences.ts';
import type { SortColumn } from '../../shared/model/timeline.ts';

export const columnIds = [
  'id',
  'time',
  'delta',
  'direction',
  'client',
  'server',
  'method',
  'target',
  'status',
  'duration',
  'bar',
  'firstByte',
  'size',
  'frames',
  'transport',
  'rpcId',
  'flags',
] as const;
export type ColumnId = (typeof columnIds)[number];

interface Column {
  readonly title: string;
  /** For the columns menu, where the title is short or a sign. */
  readonly name: string;
  readonly width: number;
  readonly sort?: SortColumn;
  readonly isNumeric?: boolean;
}

export const columns: Readonly<Record<ColumnId, Column>> = {
  id: { title: '#', name: 'Number', width: 42, sort: 'id', isNumeric: true },
  time: { title: 'Time', name: 'Time', width: 78, sort: 'startedAt' },
  delta: { title: 'Δ s', name: 'Step from the row before', width: 52, isNumeric: true },
  direction: { title: '', name: 'Direction', width: 14 },
  client: { title: 'Client', name: 'Client', width: 94, sort: 'client' },
  server: { title: 'Server', name: 'Server', width: 80, sort: 'server' },
  method: { title: 'Method', name: 'Method', width: 84, sort: 'method' },
  target: { title: 'Target', name: 'Target', width: 80, sort: 'target' },
  status: { title: 'Status', name: 'Status', width: 92, sort: 'status' },
  duration: { title: 'Duration', name: 'Duration', width: 58, sort: 'durationMs', isNumeric: true },
  bar: { title: '', name: 'Duration bar', width: 60 },
  firstByte: { title: 'First byte', name: 'Time to first byte', width: 66, isNumeric: true },
  size: { title: 'Size', name: 'Size', width: 52, sort: 'sizeBytes', isNumeric: true },
  frames: { title: 'Frames', name: 'Frames', width: 50, isNumeric: true },
  transport: { title: 'Transport', name: 'Transport', width: 92 },
  rpcId: { title: 'Id', name: 'JSON-RPC id', width: 56 },
  flags: { title: 'Marks', name: 'Marks', width: 96 },
};

/** The column that takes the rest of the pane. */
export const FLEXIBLE: ColumnId = 'target';
/** Names grow with the pane, less than the target does, until a person sets their width. */
const GROWING: Partial<Record<ColumnId, number>> = { client: 0.4, server: 0.45, method: 0.35 };

/** Each step adds columns to the one before, at the place they have in `columnIds`. */
const steps: readonly { readonly from: number; readonly ids: readonly ColumnId[] }[] = [
  { from: 0, ids: ['direction', 'method', 'target', 'status', 'duration'] },
  { from: 520, ids: ['server'] },
  { from: 560, ids: ['bar'] },
  { from: 640, ids: ['time'] },
  { from: 840, ids: ['id', 'client', 'size'] },
  { from: 1100, ids: ['delta', 'flags'] },
];

/** The columns that fit a pane of this width, unless a person chose their own. */
export function columnsFor(paneWidth: number, chosen: Preferences['columns']): ColumnId[] {
  const own = chosen.map(column => column.id).filter(isColumnId);
  if (own.length > 0) return own;
  const fitting = new Set(steps.filter(step => paneWidth >= step.from).flatMap(step => step.ids));
  return columnIds.filter(id => fitting.has(id));
}

/** Widths a person set, by column. */
export function widthsOf(chosen: Preferences['columns']): Record<string, number> {
  return Object.fromEntries(chosen.flatMap(column => (column.width === undefined ? [] : [[column.id, column.width]])));
}

/** Shows or hides a column; the first own choice starts from what is on screen. */
export function withColumnToggled(shown: readonly ColumnId[], chosen: Preferences['columns'], id: ColumnId): Preferences['columns'] {
  const ids = shown.includes(id)
    ? shown.filter(column => column !== id)
    : columnIds.filter(column => column === id || shown.includes(column));
  return withWidths(ids, widthsOf(chosen));
}

/** The preference for these columns with these widths. */
export function withWidths(ids: readonly ColumnId[], widths: Readonly<Record<string, number>>): Preferences['columns'] {
  return ids.map(id => {
    const width = widths[id];
    return width === undefined ? { id } : { id, width: Math.round(Math.min(2000, Math.max(20, width))) };
  });
}

/** Value of `grid-template-columns`: fixed columns, and one that takes the rest. */
export function gridTemplate(ids: readonly ColumnId[], widths: Readonly<Record<string, number>>): string {
  const tracks = ids.map(id => {
    const width = widths[id] ?? columns[id].width;
    const share = id === FLEXIBLE ? 1 : widths[id] === undefined ? GROWING[id] : undefined;
    return share === undefined ? `${width}px` : `minmax(${width}px, ${share}fr)`;
  });
  // Without the flexible column the rest stays empty at the end instead of stretching a number.
  return ids.includes(FLEXIBLE) ? tracks.join(' ') : `${tracks.join(' ')} minmax(0, 1fr)`;
}

/** Pixels between columns, and at both ends of a row together; the style sheet has the same. */
const GAP = 8;
const ROW_ENDS = 24;
/** Rooms are known to this many pixels, so that a pane being resized does not draw every row at every pixel. */
const ROOM_STEP = 16;

/** Least width that each column surely has in a pane: what the browser makes of the template, rounded down. */
export function roomsOf(
  ids: readonly ColumnId[],
  widths: Readonly<Record<string, number>>,
  paneWidth: number,
): Partial<Record<ColumnId, number>> {
  const least = (id: ColumnId) => widths[id] ?? columns[id].width;
  const shareOf = (id: ColumnId) => (id === FLEXIBLE ? 1 : widths[id] === undefined ? (GROWING[id] ?? 0) : 0);
  let growing = ids.filter(id => shareOf(id) > 0);
  let perShare = 0;
  // Columns that a fair share would make narrower than their least width leave the sharing, as in a CSS grid.
  for (let before = -1; before !== growing.length;) {
    before = growing.length;
    const fixed = ids.filter(id => !growing.includes(id)).reduce((sum, id) => sum + least(id), 0);
    const free = paneWidth - ROW_ENDS - GAP * Math.max(0, ids.length - 1) - fixed;
    perShare =
      free /
      Math.max(
        1,
        growing.reduce((sum, id) => sum + shareOf(id), 0),
      );
    const fair = perShare;
    growing = growing.filter(id => shareOf(id) * fair >= least(id));
  }
  const roomOf = (id: ColumnId) =>
    growing.includes(id) ? Math.max(least(id), Math.floor((shareOf(id) * perShare) / ROOM_STEP) * ROOM_STEP) : least(id);
  return Object.fromEntries(ids.map(id => [id, roomOf(id)]));
}

function isColumnId(id: string): id is ColumnId {
  return (columnIds as readonly string[]).includes(id);
}
