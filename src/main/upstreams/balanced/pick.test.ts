import { expect, test } from 'vitest';
import { seededRandom } from '../../../../test/kit/fake-clock.ts';
import { picker, type Balance, type Candidate } from './pick.ts';
import { rendezvous } from './rendezvous.ts';

interface Scripted extends Candidate {
  inFlight: number;
}

const candidate = (id: string, rest: Partial<Candidate> = {}): Scripted => ({
  id,
  effectiveWeight: 1,
  factor: 1,
  inFlight: 0,
  latencyMs: undefined,
  ...rest,
});

const sequence = (balance: Balance, candidates: readonly Candidate[], count: number, random = seededRandom(1)) => {
  const pick = picker(balance, random);
  return Array.from({ length: count }, () => pick(candidates).id).join('');
};

const share = (picked: string, id: string) => (picked.split(id).length - 1) / picked.length;

test('round robin goes in turn, whatever the weights, and goes on in turn when one is missing for a while', () => {
  const all = [candidate('a', { effectiveWeight: 9 }), candidate('b'), candidate('c')];
  expect(sequence('round-robin', all, 7)).toBe('abcabca');
  const pick = picker('round-robin', Math.random);
  const some = [all[0], all[2]] as Candidate[];
  expect(Array.from({ length: 4 }, () => pick(some).id).join('')).toBe('acac');
});

test('smooth weighted round robin: 5, 1, 1 give a a b a c a a', () => {
  const all = [candidate('a', { effectiveWeight: 5 }), candidate('b'), candidate('c')];
  expect(sequence('weighted-round-robin', all, 14)).toBe('aabacaaaabacaa');
});

test('slow start scales round robin and its weighted form alike', () => {
  const slow = [candidate('a'), candidate('b'), candidate('c', { factor: 0.1, effectiveWeight: 0.1 })];
  for (const balance of ['round-robin', 'weighted-round-robin'] as const)
    expect(share(sequence(balance, slow, 2100), 'c')).toBeCloseTo(1 / 21, 2);
});

test('least connections takes the one with the fewest requests for its weight, and equals in turn', () => {
  expect(
    sequence('least-connections', [candidate('a', { inFlight: 2 }), candidate('b', { inFlight: 1 }), candidate('c', { inFlight: 3 })], 3),
  ).toBe('bbb');
  expect(sequence('least-connections', [candidate('a'), candidate('b'), candidate('c', { inFlight: 1 })], 4)).toBe('abab');
  expect(sequence('least-connections', [candidate('a', { inFlight: 4, effectiveWeight: 5 }), candidate('b', { inFlight: 1 })], 1)).toBe(
    'a',
  );
});

test('p2c compares two at random by latency and requests under way, and never takes the worst of three', () => {
  const all = [candidate('a', { latencyMs: 10 }), candidate('b', { latencyMs: 20 }), candidate('c', { latencyMs: 500 })];
  const picked = sequence('p2c', all, 3000);
  expect(share(picked, 'c')).toBe(0);
  expect(share(picked, 'a')).toBeGreaterThan(0.6);
  expect(share(picked, 'b')).toBeGreaterThan(0.25);
  // Ten requests under way at the fast one make it the slower choice.
  all[0] = candidate('a', { latencyMs: 10, inFlight: 10 });
  expect(share(sequence('p2c', all, 3000), 'b')).toBeGreaterThan(0.6);
});

test('random follows the weights', () => {
  const picked = sequence('random', [candidate('a', { effectiveWeight: 3 }), candidate('b')], 8000);
  expect(share(picked, 'a')).toBeCloseTo(0.75, 1);
});

test('rendezvous: a key stays where it is, loads are even by weight, and only the keys of one that leaves move', () => {
  const places = [
    { id: 'a', weight: 1 },
    { id: 'b', weight: 1 },
    { id: 'c', weight: 2 },
  ];
  const keys = Array.from({ length: 8000 }, (_, at) => `client-${at}`);
  const before = keys.map(key => rendezvous(key, places).id);
  expect(keys.map(key => rendezvous(key, places.toReversed()).id)).toEqual(before);
  for (const { id, weight } of places) expect(share(before.join(''), id)).toBeCloseTo(weight / 4, 1);
  const after = keys.map(key => rendezvous(key, places.slice(1)).id);
  const moved = keys.filter((_, at) => before[at] !== after[at]);
  expect(moved).toHaveLength(before.filter(id => id === 'a').length);
});
