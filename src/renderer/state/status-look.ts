/** How an outcome looks: a word, a glyph, a tone. Colour never carries the meaning alone, and ordinary success has none. */
import type { ExchangeSummary, StatusWord } from '../../shared/model/exchange.ts';

export type Tone = 'quiet' | 'plain' | 'error' | 'warn' | 'denied' | 'muted';
export type Glyph = 'none' | 'alert' | 'error' | 'wait' | 'cancel' | 'late' | 'deny' | 'silent' | 'stream';

export interface StatusLook {
  readonly word: string;
  readonly glyph: Glyph;
  readonly tone: Tone;
}

/** The look of a status word by itself, for filters and legends. */
export function lookOf(status: StatusWord): StatusLook {
  switch (status) {
    case 'ok':
      return { word: 'ok', glyph: 'none', tone: 'quiet' };
    case 'error':
      return { word: 'error', glyph: 'error', tone: 'error' };
    case 'tool-error':
      return { word: 'tool error', glyph: 'alert', tone: 'error' };
    case 'pending':
      return { word: 'pending', glyph: 'wait', tone: 'plain' };
    case 'cancelled':
      return { word: 'cancelled', glyph: 'cancel', tone: 'muted' };
    case 'late':
      return { word: 'late', glyph: 'late', tone: 'warn' };
    case 'failed':
      return { word: 'failed', glyph: 'error', tone: 'error' };
    case 'refused':
      return { word: 'refused', glyph: 'deny', tone: 'denied' };
    case 'no-answer':
      return { word: 'no answer', glyph: 'silent', tone: 'error' };
    case 'open':
      return { word: 'open', glyph: 'stream', tone: 'muted' };
  }
}

/** The status cell of an exchange: the word, with what makes it precise. */
export function statusLook(exchange: ExchangeSummary): StatusLook {
  const look = lookOf(exchange.status);
  switch (exchange.status) {
    case 'error':
      return { ...look, word: exchange.errorCode === undefined ? 'error' : `error ${signed(exchange.errorCode)}` };
    case 'failed':
      return { ...look, word: exchange.errorCode === undefined ? 'failed' : `failed ${signed(exchange.errorCode)}` };
    default:
      return look;
  }
}

export type Pace = 'fast' | 'normal' | 'slow';

/** How a duration is drawn: grey, normal, amber. Never red: that is for failures. */
export function paceOf(ms: number): Pace {
  if (ms < 50) return 'fast';
  return ms < 1000 ? 'normal' : 'slow';
}

/** Length of the duration bar, 0…1, on a scale of powers of ten from 1 ms to 100 s: a glance compares rows that are never on one linear scale. */
export function barLength(ms: number): number {
  return Math.min(1, Math.max(0.03, Math.log10(Math.max(1, ms)) / 5));
}

/** A true minus sign: JSON-RPC codes are read, not calculated with. */
export function signed(code: number): string {
  return code < 0 ? `−${-code}` : String(code);
}
