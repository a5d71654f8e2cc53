/** Lays a change that was made on a reformatted copy of a text onto the text itself, so that what nobody changed stays as it was written. */
import { type LineChange, lineChanges } from '../../shared/text/text-diff.ts';

export interface KeptLines {
  readonly original: string;
  /** The original as the formatter writes it. */
  readonly formatted: string;
  /** The same with the change in it. */
  readonly changed: string;
}

/**
 * A three-way merge by lines: what the change touches comes from `changed`, indented as its neighbours are, all else from
 * `original`. Where a changed place was also reformatted, the changed form wins.
 */
export function keepLines({ original, formatted, changed }: KeptLines): string {
  const [own, base, edited] = [original.split('\n'), formatted.split('\n'), changed.split('\n')];
  // Lines that differ in spaces alone are the same line, written differently.
  const reformatted = lineChanges(base, own, line => line.replaceAll(/\s+/g, ''));
  const edits = lineChanges(base, edited);
  const ownOf = counterparts(base.length, reformatted);
  const merged: string[] = [];
  let [baseAt, ownAt, editedAt] = [0, 0, 0];
  for (const { start, end } of joined(reformatted, edits)) {
    merged.push(...own.slice(ownAt, ownAt + start - baseAt));
    ownAt += start - baseAt;
    editedAt += start - baseAt;
    const ownEnd = ownAt + end - start + growth(reformatted, start, end);
    const editedEnd = editedAt + end - start + growth(edits, start, end);
    const isEdited = edits.some(edit => edit.from >= start && edit.from + edit.fromCount <= end);
    const shiftOf = (line: string) => indentShift(line, end, base, own, ownOf);
    const kept = own.slice(ownAt, ownEnd);
    const isGap = base.slice(start, end).every(isBlank);
    const theirs = indented(edited.slice(editedAt, editedEnd), shiftOf);
    if (!isEdited) merged.push(...kept);
    else if (!isGap) merged.push(...theirs);
    else merged.push(...(isBlank(theirs[0] ?? '') ? kept : []), ...withoutEdges(theirs), ...(isBlank(theirs[0] ?? '') ? [] : kept));
    [baseAt, ownAt, editedAt] = [end, ownEnd, editedEnd];
  }
  merged.push(...own.slice(ownAt));
  return merged.join('\n');
}

/** Stretches of the base that either side changed; what overlaps, or is put in at one spot, is one. */
function joined(a: readonly LineChange[], b: readonly LineChange[]): { start: number; end: number }[] {
  const stretches: { start: number; end: number }[] = [];
  for (const { from, fromCount } of [...a, ...b].toSorted((x, y) => x.from - y.from || x.fromCount - y.fromCount)) {
    const last = stretches.at(-1);
    const isOneSpot = last !== undefined && from === last.end && (fromCount === 0 || last.start === last.end);
    if (last !== undefined && (from < last.end || isOneSpot)) last.end = Math.max(last.end, from + fromCount);
    else stretches.push({ start: from, end: from + fromCount });
  }
  return stretches;
}

function growth(changes: readonly LineChange[], start: number, end: number): number {
  return changes
    .filter(({ from, fromCount }) => from >= start && from + fromCount <= end)
    .reduce((sum, { fromCount, toCount }) => sum + toCount - fromCount, 0);
}

/** Per line of the base the line of the original that is the same but for spaces. */
function counterparts(baseLength: number, reformatted: readonly LineChange[]): (number | undefined)[] {
  const ownOf: (number | undefined)[] = [];
  let shift = 0;
  for (const { from, fromCount, toCount } of [...reformatted, { from: baseLength, fromCount: 0, toCount: 0 }]) {
    while (ownOf.length < from) ownOf.push(ownOf.length + shift);
    for (let at = 0; at < fromCount; at += 1) ownOf.push(undefined);
    shift += toCount - fromCount;
  }
  return ownOf;
}

const isBlank = (line: string): boolean => line.trim() === '';

/** Blank lines around what was put into a gap are the person's business. */
function withoutEdges(lines: readonly string[]): readonly string[] {
  return lines.slice(
    lines.findIndex(line => !isBlank(line)),
    lines.findLastIndex(line => !isBlank(line)) + 1,
  );
}

const indentOf = (line: string): number => line.length - line.trimStart().length;
const isEntry = (line: string): boolean => /^\s*- /.test(line);

/** How much further right than the formatter a person writes lines of this depth and kind, seen from the nearest one above. */
function indentShift(
  line: string,
  end: number,
  base: readonly string[],
  own: readonly string[],
  ownOf: readonly (number | undefined)[],
): number {
  for (let at = end - 1; at >= 0; at -= 1) {
    const [baseLine = '', ownLine] = [base[at], own[ownOf[at] ?? -1]];
    if (ownLine === undefined || baseLine.trim() === '') continue;
    if (indentOf(baseLine) === indentOf(line) && isEntry(baseLine) === isEntry(line)) return indentOf(ownLine) - indentOf(baseLine);
  }
  return 0;
}

/** What lies below a line moves with it. */
function indented(lines: readonly string[], shiftOf: (line: string) => number): string[] {
  let head: { readonly depth: number; readonly shift: number } | undefined;
  return lines.map(line => {
    if (line.trim() === '') return line;
    const depth = indentOf(line);
    if (head === undefined || depth <= head.depth) head = { depth, shift: shiftOf(line) };
    return ' '.repeat(Math.max(0, depth + head.shift)) + line.trimStart();
  });
}
