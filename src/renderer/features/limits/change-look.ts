/** How a change of state looks in the list: a word for its kind, a glyph, and a tone where something got worse. */
import type { GatewayStatus } from '../../../shared/model/gateway-state.ts';

export type Change = GatewayStatus['changes'][number];
export type ChangeGlyph =
  'open' | 'half-open' | 'closed' | 'isolated' | 'health' | 'process' | 'tool' | 'file' | 'person' | 'gateway' | 'session';

export interface ChangeLook {
  readonly word: string;
  readonly glyph: ChangeGlyph;
  readonly tone: 'error' | 'warn' | 'second';
}

export function changeLook({ kind, text }: Change): ChangeLook {
  switch (kind) {
    case 'breaker':
      return breakerLook(text);
    case 'health':
      return { word: 'health', glyph: 'health', tone: text.startsWith('unhealthy') ? 'error' : 'second' };
    case 'child':
      return { word: 'process', glyph: 'process', tone: 'warn' };
    case 'pin':
      return { word: 'tool', glyph: 'tool', tone: text.startsWith('definition approved') ? 'second' : 'warn' };
    case 'config':
      return { word: 'file', glyph: 'file', tone: text.startsWith('rejected') ? 'error' : 'second' };
    case 'admin':
      return { word: 'by hand', glyph: 'person', tone: 'second' };
    case 'session':
      return { word: 'session', glyph: 'session', tone: 'second' };
    case 'lifecycle':
      return { word: 'gateway', glyph: 'gateway', tone: 'second' };
    default:
      return { word: kind, glyph: 'gateway', tone: 'second' };
  }
}

/** `breaker for search closed → open: …` */
function breakerLook(text: string): ChangeLook {
  const to = /→ (open|half-open|closed|isolated)/.exec(text)?.[1];
  if (to === 'open') return { word: 'breaker', glyph: 'open', tone: 'error' };
  if (to === 'half-open') return { word: 'breaker', glyph: 'half-open', tone: 'warn' };
  return { word: 'breaker', glyph: to === 'isolated' ? 'isolated' : 'closed', tone: 'second' };
}
