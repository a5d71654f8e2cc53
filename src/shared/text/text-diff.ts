/** What differs between two texts, by lines (Myers, "An O(ND) Difference Algorithm", 1986), within bounds. */

/** Runs of lines: `from` and `to` are the first line of each side, from 0. */
export interface LineChange {
  readonly from: number;
  readonly fromCount: number;
  readonly to: number;
  readonly toCount: number;
}

/** More differing lines than these are not told apart: what lies between the first and the last is one change. */
const MAX_EDITS = 1000;

/** The changes that make `a` into `b`, in order. Lines are equal when `keyOf` says so. */
export function lineChanges(a: readonly string[], b: readonly string[], keyOf: (line: string) => string = line => line): LineChange[] {
  const [left, right] = [a.map(keyOf), b.map(keyOf)];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < left.length - start && end < right.length - start && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  const [middleA, middleB] = [left.slice(start, left.length - end), right.slice(start, right.length - end)];
  if (middleA.length === 0 && middleB.length === 0) return [];
  const whole = { from: start, fromCount: middleA.length, to: start, toCount: middleB.length };
  if (middleA.length === 0 || middleB.length === 0) return [whole];
  const pairs = commonLines(middleA, middleB);
  return pairs === undefined ? [whole] : changesBetween(pairs, middleA.length, middleB.length, start);
}

/** Pairs of equal lines, longest common subsequence; undefined when the texts differ too much to say. */
function commonLines(a: readonly string[], b: readonly string[]): (readonly [number, number])[] | undefined {
  const most = Math.min(a.length + b.length, MAX_EDITS);
  const reach = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits += 1) {
    trace.push(reach.slice(most - edits, most + edits + 3));
    for (let k = -edits; k <= edits; k += 2) {
      const goesDown = k === -edits || (k !== edits && at(reach, most + k) < at(reach, most + k + 2));
      let x = goesDown ? at(reach, most + k + 2) : at(reach, most + k) + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x += 1;
        y += 1;
      }
      reach[most + k + 1] = x;
      if (x >= a.length && y >= b.length) return backtrack(trace, a.length, b.length);
    }
  }
  return undefined;
}

function backtrack(trace: readonly Int32Array[], endX: number, endY: number): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let [x, y] = [endX, endY];
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const reach = trace[edits] as Int32Array;
    const k = x - y;
    // In this slice, index 0 stands for diagonal −edits − 1.
    const goesDown = k === -edits || (k !== edits && at(reach, k + edits) < at(reach, k + edits + 2));
    const fromK = goesDown ? k + 1 : k - 1;
    const fromX = edits === 0 ? 0 : at(reach, fromK + edits + 1);
    const fromY = edits === 0 ? 0 : fromX - fromK;
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      pairs.push([x, y]);
    }
    [x, y] = [fromX, fromY];
  }
  return pairs.toReversed();
}

const at = (numbers: Int32Array, index: number): number => numbers[index] ?? 0;

function changesBetween(pairs: readonly (readonly [number, number])[], lengthA: number, lengthB: number, offset: number): LineChange[] {
  const changes: LineChange[] = [];
  let [fromA, fromB] = [0, 0];
  for (const [nextA, nextB] of [...pairs, [lengthA, lengthB] as const]) {
    if (nextA > fromA || nextB > fromB)
      changes.push({ from: offset + fromA, fromCount: nextA - fromA, to: offset + fromB, toCount: nextB - fromB });
    [fromA, fromB] = [nextA + 1, nextB + 1];
  }
  return changes;
}

const CONTEXT_LINES = 3;
/** Of a unified diff; what comes after is counted and left out. */
const MAX_DIFF_LINES = 20_000;

/** A unified diff, empty for equal texts. */
export function unifiedDiff(a: string, b: string, names: { readonly from: string; readonly to: string }): string {
  const [left, right] = [linesOf(a), linesOf(b)];
  const changes = lineChanges(left, right);
  if (changes.length === 0) return '';
  const lines = [`--- ${names.from}`, `+++ ${names.to}`];
  for (const hunk of hunksOf(changes)) lines.push(...hunkLines(hunk, left, right));
  const cut = lines.length > MAX_DIFF_LINES ? [...lines.slice(0, MAX_DIFF_LINES), `… ${lines.length - MAX_DIFF_LINES} more lines`] : lines;
  return `${cut.join('\n')}\n`;
}

/** A missing newline at the end belongs to the last line, so that it shows as the difference that it is. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  const last = lines.pop();
  return last === undefined || last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`];
}

/** Changes whose surroundings touch are shown as one. */
function hunksOf(changes: readonly LineChange[]): LineChange[][] {
  const hunks: LineChange[][] = [];
  for (const change of changes) {
    const hunk = hunks.at(-1);
    const last = hunk?.at(-1);
    if (hunk !== undefined && last !== undefined && change.from - (last.from + last.fromCount) <= 2 * CONTEXT_LINES) hunk.push(change);
    else hunks.push([change]);
  }
  return hunks;
}

function hunkLines(hunk: readonly LineChange[], left: readonly string[], right: readonly string[]): string[] {
  const [first, last] = [hunk[0], hunk.at(-1)];
  if (first === undefined || last === undefined) return [];
  const before = Math.min(CONTEXT_LINES, first.from, first.to);
  const endA = Math.min(left.length, last.from + last.fromCount + CONTEXT_LINES);
  const endB = Math.min(right.length, last.to + last.toCount + CONTEXT_LINES);
  const body: string[] = [];
  let line = first.from - before;
  for (const { from, fromCount, to, toCount } of hunk) {
    body.push(...left.slice(line, from).map(text => ` ${text}`));
    body.push(...left.slice(from, from + fromCount).map(text => `-${text}`));
    body.push(...right.slice(to, to + toCount).map(text => `+${text}`));
    line = from + fromCount;
  }
  body.push(...left.slice(line, endA).map(text => ` ${text}`));
  return [`@@ -${range(first.from - before, endA)} +${range(first.to - before, endB)} @@`, ...body];
}

function range(start: number, end: number): string {
  const count = end - start;
  return count === 1 ? `${start + 1}` : `${count === 0 ? start : start + 1},${count}`;
}
