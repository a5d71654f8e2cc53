/** Runs a change over the messages of one text: a message, or a batch of them. */
import { readMessages, type ReadMessage } from '../../traffic/sighting.ts';
import { elementSpans, withElements, withoutElements } from './json-spans.ts';

/** What becomes of a message: another text, nothing at all (`drop`), or undefined to leave it as it is. */
export type MessageChange = (message: ReadMessage, text: string) => string | undefined;

/** Says that a message shall not arrive. No JSON text looks like it. */
export const drop = 'drop';

export type ChangedText =
  | { readonly kind: 'same' }
  | { readonly kind: 'changed'; readonly text: string }
  /** Nothing is left of it. */
  | { readonly kind: 'dropped' }
  | { readonly kind: 'unreadable' };

export function changedText(original: string, change: MessageChange): ChangedText {
  // Many readers skip a byte order mark; JSON.parse does not.
  const text = original.startsWith('\uFEFF') ? original.slice(1) : original;
  const reading = readMessages(text);
  if (reading.kind === 'unreadable') return { kind: 'unreadable' };
  if (reading.kind === 'none') return { kind: 'same' };
  const [only] = reading.items;
  return reading.isBatch || only === undefined ? changedBatch(text, change) : outcomeOf(change(only, text));
}

function changedBatch(text: string, change: MessageChange): ChangedText {
  const spans = elementSpans(text) ?? [];
  const changes = spans.map(({ from, to }) => changedElement(text.slice(from, to), change));
  if (changes.every(changed => changed === undefined)) return { kind: 'same' };
  if (changes.every(changed => changed === drop)) return { kind: 'dropped' };
  const replaced = withElements(
    text,
    spans,
    changes.map(changed => (changed === drop ? undefined : changed)),
  );
  const isKept = changes.map(changed => changed !== drop);
  return { kind: 'changed', text: withoutElements(replaced, elementSpans(replaced) ?? [], isKept) };
}

function changedElement(text: string, change: MessageChange): string | undefined {
  const reading = readMessages(text);
  const only = reading.kind === 'messages' && !reading.isBatch ? reading.items[0] : undefined;
  // An element that is no message is none of ours, and no client takes it for one.
  return only === undefined ? undefined : change(only, text);
}

function outcomeOf(changed: string | undefined): ChangedText {
  if (changed === undefined) return { kind: 'same' };
  return changed === drop ? { kind: 'dropped' } : { kind: 'changed', text: changed };
}
