/** Texts that a peer chose and that are kept for long: of a bounded length, and holding on to nothing longer. */
import { hash } from 'node:crypto';

/** Names and ids that mean something are shorter. */
const MAX_CHARS = 200;

/** The beginning of a text, as a copy: a slice would keep all of what it was cut from. */
export function keptText(text: string): string {
  return text.length <= MAX_CHARS ? text : Buffer.from(text.slice(0, MAX_CHARS), 'utf16le').toString('utf16le');
}

/** The text as a key: a longer one as its hash, so that no two become one. */
export function keptKey(text: string): string {
  return text.length <= MAX_CHARS ? text : `sha256:${hash('sha256', text)}`;
}
