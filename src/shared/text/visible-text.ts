/** Text of strangers as it really is: characters that hide, or that turn other characters around, are shown by their code. */

/** Controls but tab and line breaks, direction marks and overrides, what has no width, and the invisible letters of tags. */
const hidden =
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  /[\0-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;

/** `read‹U+202E›eteled` for a name with an override in it: a name must not pass for another. White space stays; for showing, not for copying. */
export function visibleText(text: string): string {
  return text.replace(hidden, character => `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`);
}
