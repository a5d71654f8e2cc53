/** What makes two rows the same to the eye: an unchanged row keeps its object, and React skips it. */
import type { TimelineRow } from '../../shared/model/timeline.ts';

/** Whether a row fetched again shows nothing new. Frames never change; an exchange does until its outcome, and for late answers after it. */
export function isSameRow(a: TimelineRow, b: TimelineRow): boolean {
  if (a.row === 'frame' || b.row === 'frame') return a.row === b.row && rowId(a) === rowId(b);
  const before = a.exchange;
  const after = b.exchange;
  return (
    before.id === after.id &&
    before.status === after.status &&
    before.frameCount === after.frameCount &&
    before.responseBytes === after.responseBytes &&
    before.durationMs === after.durationMs &&
    before.progressCount === after.progressCount &&
    before.clientName === after.clientName &&
    before.serverName === after.serverName &&
    before.flags.length === after.flags.length
  );
}

/** The stable number of a row: its key for selection. */
export function rowId(row: TimelineRow): number {
  return row.row === 'exchange' ? row.exchange.id : row.id;
}
