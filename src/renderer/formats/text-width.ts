/** How wide a text is at most, without asking the browser: a cell that surely fits needs no clip, and a clip is what a scrolled row pays most for. */

const WIDE = /[mwMW@%—…]/;
const NARROW = /[\x20-\x7e]/;

/** Pixels that a text at the size of a table takes at most, in any font that the window uses. Asian and other wide letters count in full. */
export function widestPx(text: string): number {
  let px = 0;
  for (const letter of text) px += WIDE.test(letter) ? 12 : !NARROW.test(letter) ? 15 : letter >= 'A' && letter <= 'Z' ? 9.5 : 7.5;
  return px;
}

/** Whether a text surely fits; an unknown room never does. */
export function surelyFits(text: string, roomPx: number | undefined): boolean {
  // Long texts are not looked through: the widest table is not that wide.
  return roomPx !== undefined && text.length * 4 <= roomPx && widestPx(text) <= roomPx;
}
