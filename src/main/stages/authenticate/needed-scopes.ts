/** Which scopes a request needs: those of its route, and those of every tool that it calls. */
import type { RouteConfig } from '../../../shared/config/schema.ts';
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
  const steps = stepUp.map(step => ({ scopes: step.scopes, matchers: step.tools.map(globMatcher) }));
  return items => {
    const needed = new Set(scopes);
    for (const tool of calledTools(items))
      for (const step of steps) if (step.matchers.some(matches => matches(tool))) for (const scope of step.scopes) needed.add(scope);
    return [...needed];
  };
}

/** A call without an id is no request, but a server may run it all the same. */
function calledTools(items: readonly ReadMessage[]): string[] {
  return items.flatMap(({ message, facts }) =>
    'method' in message && message.method === 'tools/call' && facts.target !== undefined ? [facts.target] : [],
  );
}

/** `*` stands for any characters, everything else for itself. Without backtracking: parts are found left to right. */
function globMatcher(glob: string): (name: string) => boolean {
  const parts = glob.split('*');
  if (parts.length === 1) return name => name === glob;
  const first = parts[0] as string;
  const last = parts.at(-1) as string;
  const middle = parts.slice(1, -1);
  return name => {
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
    let at = first.length;
    for (const part of middle) {
      const found = name.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return at <= name.length - last.length;
  };
}
