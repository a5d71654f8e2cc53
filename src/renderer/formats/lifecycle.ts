/** A fact of a session in words, safe to show. */
import { lifecycleWords } from '../../shared/shim/lifecycle-words.ts';
import { visibleText } from '../../shared/text/visible-text.ts';

/** `{"event":"exited","code":0,"signal":null}` reads `server exited with code 0`. A text that is no such object stays as it is. */
export function lifecycleText(preview: string): string {
  return visibleText(lifecycleWords(preview));
}
