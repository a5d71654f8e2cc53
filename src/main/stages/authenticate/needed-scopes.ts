/** Which scopes a request needs: those of its route, and those of every tool that it calls. */
import type { RouteConfig } from '../../../shared/config/schema.ts';
import { anyGlobMatch } from '../../support/glob.ts';
import type { ReadMessage } from '../../traffic/sighting.ts';

type ScopesOf = (items: readonly ReadMessage[]) => readonly string[];

/** Routes live as long as their configuration; what was worked out for one goes with it. */
const compiled = new WeakMap<RouteConfig, ScopesOf>();

/** All of them, over all elements of a batch, each once: one challenge has to name everything (MCP 2026-07-28, step-up). */
export function neededScopes(route: RouteConfig, items: readonly ReadMessage[]): readonly string[] {
  let scopesOf = compiled.get(route);
  if (scopesOf === undefined) compiled.set(route, (scopesOf = compile(route)));
  return scopesOf(items);
}

function compile({ scopes, stepUp }: RouteConfig): ScopesOf {
  if (stepUp.length === 0) return () => scopes;
  const steps = stepUp.map(step => ({ scopes: step.scopes, isNamed: anyGlobMatch(step.tools) }));
  return items => {
    const needed = new Set(scopes);
    for (const tool of calledTools(items))
      for (const step of steps) if (step.isNamed(tool)) for (const scope of step.scopes) needed.add(scope);
    return [...needed];
  };
}

/** A call without an id is no request, but a server may run it all the same. */
function calledTools(items: readonly ReadMessage[]): string[] {
  return items.flatMap(({ message, facts }) =>
    'method' in message && message.method === 'tools/call' && facts.target !== undefined ? [facts.target] : [],
  );
}
