/** Chips and text of the filter bar: the same filter in two forms. What chips cannot show (or, not, parentheses) stays text, so nothing is ever rewritten. */
import { filterKeys } from '../../shared/filters/filter-tree.ts';

export interface FilterForm {
  readonly chips: readonly string[];
  /** What stands in the input beside the chips. */
  readonly rest: string;
}

const isChip = new RegExp(String.raw`^-?(?:${filterKeys.join('|')}):\S`);

/** Splits a filter text into chips and the rest. */
export function toForm(text: string): FilterForm {
  const tokens = tokensOf(text);
  // Order and grouping mean something then; taking words out would change it.
  if (tokens.some(token => /^(?:or|not|and)$/i.test(token) || /^[()]|\)$/.test(token))) return { chips: [], rest: text };
  return {
    chips: tokens.filter(token => isChip.test(token)),
    rest: tokens.filter(token => !isChip.test(token)).join(' '),
  };
}

/** The text that a form stands for. */
export function toText(form: FilterForm): string {
  return [...form.chips, form.rest.trim()].filter(part => part !== '').join(' ');
}

/** Moves finished tokens of the input into chips; with `isCommitted` the last one counts as finished too. */
export function withChipsTaken(form: FilterForm, isCommitted: boolean): FilterForm {
  const isOpen = !isCommitted && !/\s$/.test(form.rest);
  const tokens = tokensOf(form.rest);
  const open = isOpen ? tokens.pop() : undefined;
  const done = toForm(tokens.join(' '));
  if (done.chips.length === 0) return form;
  const rest = [done.rest, open].filter(part => part !== undefined && part !== '').join(' ');
  return { chips: [...form.chips, ...done.chips], rest: rest === '' ? '' : isOpen ? rest : `${rest} ` };
}

/** Adds a token, or takes it out where it stands already. */
export function toggleToken(text: string, token: string): string {
  const form = toForm(text);
  if (form.chips.includes(token)) return toText({ ...form, chips: form.chips.filter(chip => chip !== token) });
  return [text.trim(), token].filter(part => part !== '').join(' ');
}

/** `key:value`, quoted where the value needs it. */
export function token(key: string, value: string): string {
  return /^[^\s"()]+$/.test(value) ? `${key}:${value}` : `${key}:"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** The word the caret stands in, for completion: a key that is being typed, or a key with the start of its value. */
export function wordAt(text: string, caret: number): { readonly start: number; readonly key?: string; readonly prefix: string } {
  const before = text.slice(0, caret);
  const start = before.length - (/[^\s()]*$/.exec(before)?.[0].length ?? 0);
  const word = before.slice(start).replace(/^-/, '');
  const colon = word.indexOf(':');
  if (colon < 0) return { start, prefix: word };
  return { start, key: word.slice(0, colon), prefix: word.slice(colon + 1).replace(/^"/, '') };
}

function tokensOf(text: string): string[] {
  return text.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
}
