/** Puts other values in place of ids and tokens, in the bytes of a message; everything else stays as it is. */
import type { ScannedMessage, Slot, Span } from './message-scan.ts';

/** A value of the message, and the JSON text to put in its place. */
export type Replacement = readonly [Slot | undefined, string];

/** The bytes with every place of every slot replaced. Slots that the message does not have are passed over. */
export function splice({ bytes }: ScannedMessage, replacements: readonly Replacement[]): Buffer {
  const places: { span: Span; text: string }[] = [];
  for (const [slot, text] of replacements) for (const span of slot?.spans ?? []) places.push({ span, text });
  if (places.length === 0) return bytes;
  places.sort((one, other) => one.span.from - other.span.from);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { span, text } of places) {
    parts.push(bytes.subarray(at, span.from), Buffer.from(text));
    at = span.to;
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts);
}

const LF = 10;
const CR = 13;
const SPACE = 0x20;

/**
 * The message on one line, which is all that a stdio server reads. Line ends between tokens become spaces; inside of a
 * string JSON has none.
 */
export function onOneLine(bytes: Buffer): Buffer {
  if (!bytes.includes(LF) && !bytes.includes(CR)) return bytes;
  return Buffer.from(bytes.map(byte => (byte === LF || byte === CR ? SPACE : byte)));
}
