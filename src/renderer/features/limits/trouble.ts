/** How an instance is, in a word, and which of them need a look first. */
import type { InstanceState, UpstreamState } from '../../../shared/model/gateway-state.ts';

export type StateGlyph = 'closed' | 'half-open' | 'open' | 'isolated' | 'disabled';

export interface InstanceLook {
  readonly word: string;
  readonly glyph: StateGlyph;
  readonly tone: 'error' | 'warn' | 'plain' | 'second';
}

export function instanceLook({ isDisabled, breaker }: InstanceState): InstanceLook {
  if (isDisabled) return { word: 'Disabled', glyph: 'disabled', tone: 'second' };
  switch (breaker.word) {
    case 'open':
      return { word: 'Open', glyph: 'open', tone: 'error' };
    case 'half-open':
      return { word: 'Half-open', glyph: 'half-open', tone: 'warn' };
    case 'isolated':
      return { word: 'Isolated', glyph: 'isolated', tone: 'plain' };
    case 'closed':
      return { word: 'Closed', glyph: 'closed', tone: 'second' };
  }
}

/** The higher, the sooner somebody should look. Isolated by hand is a wish and no accident; so is disabled. */
export function troubleOf(instance: InstanceState): number {
  const { isDisabled, isHealthy, breaker, ejectedUntil, pausedUntil, tools } = instance;
  if (isDisabled) return 0;
  if (breaker.word === 'open') return 7;
  if (breaker.word === 'half-open') return 6;
  if (breaker.word === 'isolated') return 3;
  if (!isHealthy) return 5;
  if (ejectedUntil !== undefined) return 4;
  if (tools.some(tool => tool.breaker.word === 'open')) return 4;
  if (pausedUntil !== undefined) return 2;
  return tools.length > 0 ? 2 : 1;
}

/** Troubled first, all else in the order of the configuration: cards must not jump about while nothing is wrong. */
export function inOrderOfTrouble(upstreams: readonly UpstreamState[]): readonly UpstreamState[] {
  return upstreams
    .map(upstream => ({ ...upstream, instances: upstream.instances.toSorted((one, other) => troubleOf(other) - troubleOf(one)) }))
    .toSorted((one, other) => worst(other) - worst(one));
}

function worst({ instances }: UpstreamState): number {
  return Math.max(0, ...instances.map(troubleOf));
}

/** Other instances of the upstream that calls would go to. */
export function othersUsable({ instances }: UpstreamState, id: string): number {
  return instances.filter(other => other.id !== id && other.effectiveWeight > 0).length;
}
