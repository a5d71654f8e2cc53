import { expect, test } from 'vitest';
import { aBreaker, anInstance, anUpstream } from '../../../../test/kit/gateway-states.ts';
import { inOrderOfTrouble, instanceLook, othersUsable } from './trouble.ts';

const at = (id: string, change: Parameters<typeof anInstance>[0]) => anInstance({ id, ...change });

test('troubled upstreams and instances come first, the others stay in the order of the configuration', () => {
  const upstreams = [
    anUpstream({ name: 'fine', instances: [at('z', {}), at('b', {})] }),
    anUpstream({ name: 'by-hand', instances: [at('i', { breaker: aBreaker({ word: 'isolated' }) })] }),
    anUpstream({ name: 'ill', instances: [at('up', {}), at('down', { isHealthy: false })] }),
    anUpstream({ name: 'off', instances: [at('o', { isDisabled: true, breaker: aBreaker({ word: 'open' }) })] }),
    anUpstream({
      name: 'broken',
      instances: [
        at('ok', {}),
        at('half', { breaker: aBreaker({ word: 'half-open' }) }),
        at('open', { breaker: aBreaker({ word: 'open' }) }),
      ],
    }),
  ];
  expect(inOrderOfTrouble(upstreams).map(({ name, instances }) => `${name}: ${instances.map(({ id }) => id).join(' ')}`)).toEqual([
    'broken: open half ok',
    'ill: down up',
    'by-hand: i',
    'fine: z b',
    'off: o',
  ]);
});

test('each state has a word, a glyph and a tone; disabled is said whatever the breaker is', () => {
  const look = (word: 'open' | 'half-open' | 'isolated' | 'closed', isDisabled = false) =>
    instanceLook(anInstance({ isDisabled, breaker: aBreaker({ word }) }));
  expect(look('open')).toEqual({ word: 'Open', glyph: 'open', tone: 'error' });
  expect(look('half-open')).toEqual({ word: 'Half-open', glyph: 'half-open', tone: 'warn' });
  expect(look('isolated').word).toBe('Isolated');
  expect(look('closed').tone).toBe('second');
  expect(look('open', true).word).toBe('Disabled');
});

test('instances that calls could go to instead are those with any weight now', () => {
  const upstream = anUpstream({ instances: [at('a', {}), at('b', { effectiveWeight: 0 }), at('c', {})] });
  expect(othersUsable(upstream, 'a')).toBe(1);
  expect(othersUsable(anUpstream(), 'a')).toBe(0);
});
