/** Completion of keys and values from the published schema. */
import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { keysAt, valuesAt } from './schema-words.ts';
import { yamlPlace } from './yaml-place.ts';

/** Lines that are looked through for what is around. */
const MAX_LINES = 4000;

export function yamlCompletion(schema: () => Readonly<Record<string, unknown>> | undefined) {
  return ({ state, pos, explicit }: CompletionContext): CompletionResult | null => {
    const root = schema();
    if (root === undefined) return null;
    const line = state.doc.lineAt(pos);
    // The text has no lines before its first and after its last, and throws where they are asked for.
    const linesOf = (from: number, to: number) => (from < to ? [...state.doc.iterLines(from, to)] : []);
    const before = linesOf(Math.max(1, line.number - MAX_LINES), line.number);
    const after = linesOf(line.number + 1, Math.min(state.doc.lines + 1, line.number + MAX_LINES));
    const place = yamlPlace(before, line.text.slice(0, pos - line.from), after);
    if (place === undefined || (!explicit && place.word === '' && place.kind === 'key')) return null;
    const isKey = place.kind === 'key';
    const found = isKey ? keysAt(root, place.path).filter(({ word }) => !place.siblings.includes(word)) : valuesAt(root, place.path);
    if (found.length === 0) return null;
    return {
      from: line.from + place.from,
      validFor: /^[\w-]*$/,
      options: found.map(({ word, detail }) => ({
        label: word,
        apply: isKey ? `${word}: ` : word,
        ...(detail === '' ? {} : { info: detail }),
      })),
    };
  };
}
