/** What the guards of a gateway decided, in words. */
import type { Decision } from '../../shared/model/gateway-event.ts';
import type { Glyph, Tone } from './status-look.ts';

const stageWords: Readonly<Record<string, string>> = {
  'limit-ip': 'Limit per address',
  authenticate: 'Authentication',
  validate: 'Form',
  'bind-session': 'Session',
  'apply-policy': 'Policy',
  'limit-rate': 'Limit',
  retry: 'Retry',
};

/** A stage by its name; one that this version does not know keeps it. */
export function stageWord(stage: string): string {
  return stageWords[stage] ?? stage;
}

export interface DecisionLook {
  readonly word: string;
  readonly glyph: Glyph;
  readonly tone: Tone;
}

/** Ordinary passing has no colour; a refusal is rose, what would have refused is amber. */
export function decisionLook({ kind }: Decision): DecisionLook {
  switch (kind) {
    case 'passed':
      return { word: 'passed', glyph: 'none', tone: 'muted' };
    case 'logged':
      return { word: 'logged', glyph: 'none', tone: 'muted' };
    case 'changed':
      return { word: 'changed', glyph: 'alert', tone: 'warn' };
    case 'shadow':
      return { word: 'would refuse', glyph: 'alert', tone: 'warn' };
    case 'refused':
      return { word: 'refused', glyph: 'deny', tone: 'denied' };
  }
}
