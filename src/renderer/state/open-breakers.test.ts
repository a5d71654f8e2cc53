import { expect, test } from 'vitest';
import { anInstance, anUpstream, aBreaker } from '../../../test/kit/gateway-states.ts';
import { openBreakerCount } from './open-breakers.ts';

test('open breakers of instances and of tools are counted, half-open and isolated ones are not', () => {
  const tool = { tool: 'search', breaker: aBreaker({ word: 'open' }) };
  const upstreams = [
    anUpstream({ instances: [anInstance({ breaker: aBreaker({ word: 'open' }) }), anInstance({ tools: [tool] })] }),
    anUpstream({
      instances: [anInstance({ breaker: aBreaker({ word: 'half-open' }) }), anInstance({ breaker: aBreaker({ word: 'isolated' }) })],
    }),
  ];
  expect(openBreakerCount(upstreams)).toBe(2);
  expect(openBreakerCount([])).toBe(0);
});
