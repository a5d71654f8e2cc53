/** Marks of frames and exchanges in a word or two. */
import type { Flag } from '../../shared/model/frame.ts';

const words: Readonly<Record<Flag, string>> = {
  'body-truncated': 'cut copy',
  'body-dropped': 'no body',
  'stream-cut': 'cut stream',
  'client-left': 'client left',
  late: 'late',
  'unknown-id': 'unknown id',
  'duplicate-id': 'id in use',
  'no-answer': 'no answer',
  refused: 'refused',
  'own-error': 'by Shadowcat',
  'header-mismatch': 'header mismatch',
  'retry-leg': 'retry',
};

/** The marks of a row, joined. */
export function flagWords(flags: readonly Flag[]): string {
  // That it was refused is what the status says.
  return flags
    .filter(flag => flag !== 'refused')
    .map(flag => words[flag])
    .join(', ');
}
