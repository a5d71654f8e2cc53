/** How many breakers let nothing pass: what the rail, the status strip and the head of the page say. */
import type { UpstreamState } from '../../shared/model/gateway-state.ts';

/** Breakers of instances and of single tools that are open. */
export function openBreakerCount(upstreams: readonly UpstreamState[]): number {
  let count = 0;
  for (const { instances } of upstreams)
    for (const { breaker, tools } of instances) {
      if (breaker.word === 'open') count += 1;
      for (const tool of tools) if (tool.breaker.word === 'open') count += 1;
    }
  return count;
}
