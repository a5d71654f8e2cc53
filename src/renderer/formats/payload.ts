/** What a recorded body is: a JSON value to unfold, or a text to read as it is. */
import { visibleText } from '../../shared/text/visible-text.ts';

export type Payload = { readonly kind: 'json'; readonly value: unknown } | { readonly kind: 'text' };

/** Reads a body as JSON where it is JSON; an SSE event or a line may carry white space around it. */
export function readPayload(text: string, encoding: 'utf8' | 'base64'): Payload {
  if (encoding === 'base64') return { kind: 'text' };
  const trimmed = text.trim();
  if (!/^[[{"\d\-tfn]/.test(trimmed)) return { kind: 'text' };
  try {
    return { kind: 'json', value: JSON.parse(trimmed) as unknown };
  } catch {
    return { kind: 'text' };
  }
}

/** One line of a hex view: offset, sixteen bytes, what of them can be read. */
export function hexLine(bytes: Uint8Array, at: number): { readonly offset: string; readonly hex: string; readonly text: string } {
  const part = bytes.subarray(at, at + 16);
  const hex = Array.from(part, byte => byte.toString(16).padStart(2, '0'));
  return {
    offset: at.toString(16).padStart(8, '0'),
    hex: `${hex.slice(0, 8).join(' ').padEnd(23)}  ${hex.slice(8).join(' ').padEnd(23)}`,
    text: Array.from(part, byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join(''),
  };
}

/** The bytes behind a body slice. */
export function bytesOf(text: string, encoding: 'utf8' | 'base64'): Uint8Array {
  if (encoding === 'utf8') return new TextEncoder().encode(text);
  return Uint8Array.from(atob(text), char => char.charCodeAt(0));
}

/** Cuts a text into lines that a browser can draw: at line breaks, and where a line is longer than `width`. Carriage returns are made visible. */
export function rawLines(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const shown = visibleText(line).replaceAll('\r', '␍');
    if (shown.length <= width) lines.push(shown);
    else for (let at = 0; at < shown.length; at += width) lines.push(shown.slice(at, at + width));
  }
  return lines;
}
