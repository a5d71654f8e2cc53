/**
 * Scroll arithmetic for lists longer than a browser can lay out: elements end near 33.5 million pixels, a million comfortable rows need 34 million.
 * The scrolled element stays under `MAX_HEIGHT`; a shift maps its offset to the list. Small moves are exact (1 px is 1 px), a jump re-aims the shift.
 */

export const MAX_HEIGHT = 8_000_000;

/** Rows come and go in groups of this many. */
const STEP = 4;
/** Rows drawn beyond the edge, so that a fast scroll finds something. */
const OVERSCAN = 6;

export interface ScrollWindow {
  /** Height of the whole list in its own pixels. */
  readonly listHeight: number;
  /** Height of the element in the page. */
  readonly pageHeight: number;
  readonly viewHeight: number;
  /** List offset minus page offset. */
  readonly shift: number;
}

/** A window over `rowCount` rows; keeps the shift of an earlier one as far as it still fits. */
export function scrollWindow(rowCount: number, rowHeight: number, viewHeight: number, shift = 0): ScrollWindow {
  const listHeight = rowCount * rowHeight;
  const pageHeight = Math.min(listHeight, MAX_HEIGHT);
  return { listHeight, pageHeight, viewHeight, shift: clamp(shift, 0, listHeight - pageHeight) };
}

/** Where in the list a scroll to `pageOffset` leads, and the shift that goes with it. */
export function afterScroll(at: ScrollWindow, pageOffset: number, previousPageOffset: number): { offset: number; shift: number } {
  const slack = at.listHeight - at.pageHeight;
  if (slack <= 0) return { offset: pageOffset, shift: 0 };
  const pageEnd = at.pageHeight - at.viewHeight;
  const isJump = Math.abs(pageOffset - previousPageOffset) > at.viewHeight * 3;
  // At both ends of the page the list must be at its end too, or its last rows could never be reached.
  const mustAim = isJump || pageOffset <= 0 || pageOffset >= pageEnd;
  const shift = mustAim ? clamp((pageOffset / pageEnd) * slack, 0, slack) : at.shift;
  return { offset: pageOffset + shift, shift };
}

/** The page offset and shift that put the list at `offset`; the inverse of a scroll bar jump. */
export function aimAt(at: ScrollWindow, offset: number): { pageOffset: number; shift: number } {
  const slack = Math.max(0, at.listHeight - at.pageHeight);
  const listEnd = Math.max(0, at.listHeight - at.viewHeight);
  const wanted = clamp(offset, 0, listEnd);
  if (slack === 0) return { pageOffset: wanted, shift: 0 };
  const shift = Math.round((wanted / listEnd) * slack);
  return { pageOffset: wanted - shift, shift };
}

/** The rows to draw around an offset. They move by whole steps, so that a slow scroll draws only now and then. */
export function rowsInSight(offset: number, rowHeight: number, viewHeight: number, rowCount: number): { first: number; last: number } {
  const top = Math.floor(offset / (rowHeight * STEP)) * STEP;
  const shown = Math.ceil(viewHeight / rowHeight) + STEP;
  return { first: clamp(top - OVERSCAN, 0, rowCount), last: clamp(top + shown + OVERSCAN, 0, rowCount) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
