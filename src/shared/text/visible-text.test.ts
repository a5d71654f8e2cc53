/** Characters that are not seen, or that turn what is seen around, are shown by their code. */
import { expect, test } from 'vitest';
import { visibleText } from './visible-text.ts';

test('what reorders text is shown instead of obeyed', () => {
  expect(visibleText('read\u202Eelif_eteled')).toBe('read‹U+202E›elif_eteled');
  for (const code of [0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069])
    expect(visibleText(`a${String.fromCodePoint(code)}b`)).toBe(`a‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›b`);
});

test('what has no width is shown: two names that look alike do not', () => {
  for (const code of [0xad, 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff])
    expect(visibleText(`pa${String.fromCodePoint(code)}y`)).toBe(`pa‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›y`);
  expect(visibleText('x\u{E0041}\u{E007F}')).toBe('x‹U+E0041›‹U+E007F›');
});

test('control characters are shown, white space is kept', () => {
  expect(visibleText('a\u0000\u001B[31m\u007F\u009Bb')).toBe('a‹U+0000›‹U+001B›[31m‹U+007F›‹U+009B›b');
  expect(visibleText('a\tb\r\nc')).toBe('a\tb\r\nc');
});

test('every other text stays as it is', () => {
  for (const text of ['', 'tools/call', 'Grüße, 世界 🦊', 'שלום', 'مرحبا', '\uD800']) expect(visibleText(text)).toBe(text);
});
