/** A breaker for each tool, by names that clients choose. */
import { expect, test } from 'vitest';
import { FakeClock } from '../../../../test/kit/fake-clock.ts';
import { BreakerConfig } from '../../../shared/config/schema.ts';
import { ToolBreakers } from './tool-breakers.ts';

function setUp() {
  const told: string[] = [];
  const config = BreakerConfig.parse({ perTool: true, consecutive: 1 });
  const deps = { clock: new FakeClock(), random: () => 0.5, onTransition: (tool: string) => told.push(tool) };
  const tools = new ToolBreakers(config, deps);
  const fail = (tool: string) => {
    const breaker = tools.use(tool);
    breaker?.leave(breaker.enter(), 'failure', 'it broke');
    return breaker !== undefined;
  };
  return { tools, told, fail };
}

test('names that are long beyond measure are told apart, and not kept', () => {
  const { tools, told, fail } = setUp();
  const long = 'x'.repeat(1_000_000);
  expect([fail('short'), fail(`${long}1`), tools.find(`${long}1`)?.word, tools.find(`${long}2`)]).toEqual([true, true, 'open', undefined]);
  expect([told[0], tools.states[0]?.tool]).toEqual(['short', 'short']);
  expect([...told, ...tools.states.map(({ tool }) => tool)].every(name => name.length < 100)).toBe(true);
});

test('of more tools than are watched, one that has nothing to remember makes room; where all have, the next gets none', () => {
  const { tools, fail } = setUp();
  for (let count = 0; count < 255; count += 1) fail(`t${count}`);
  expect(tools.use('calm')).toBeDefined();
  expect([fail('last'), tools.find('calm'), fail('one more')]).toEqual([true, undefined, false]);
});
