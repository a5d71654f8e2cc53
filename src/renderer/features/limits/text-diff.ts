/** What differs between two texts: the middle that is left when what they begin and end with alike is taken away. */

export interface TextDiff {
  readonly head: string;
  readonly removed: string;
  readonly added: string;
  readonly tail: string;
}

/** Of the parts that are alike no more than this is shown on either side. */
const MAX_SAME = 80;

export function textDiff(before: string, after: string): TextDiff {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  // Whole words: a diff that cuts through them cannot be read.
  const cutsStart = isWord(before[start]) || isWord(after[start]);
  while (cutsStart && start > 0 && isWord(before[start - 1])) start -= 1;
  const cutsEnd = isWord(before[before.length - end - 1]) || isWord(after[after.length - end - 1]);
  while (cutsEnd && end > 0 && isWord(before[before.length - end])) end -= 1;
  const head = before.slice(0, start);
  const tail = before.slice(before.length - end);
  return {
    head: head.length > MAX_SAME ? `…${head.slice(-MAX_SAME)}` : head,
    removed: before.slice(start, before.length - end),
    added: after.slice(start, after.length - end),
    tail: tail.length > MAX_SAME ? `${tail.slice(0, MAX_SAME)}…` : tail,
  };
}

function isWord(char: string | undefined): boolean {
  return char !== undefined && /[\p{L}\p{N}\p{M}\p{Cs}_]/u.test(char);
}
