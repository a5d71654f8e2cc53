/** What only a compilation finds in a configuration: expressions and patterns that are wrong. Also for `config check`, where nothing runs. */
import type { Config } from '../../shared/config/schema.ts';
import { type Expression, ExpressionCompiler } from '../pipeline/cel/compile-expression.ts';
import { prepareLimits } from '../pipeline/limits/prepare-limits.ts';
import { compilePolicies } from '../pipeline/policy/compile-policies.ts';
import { ConfigProblems } from '../pipeline/policy/config-problems.ts';
import type { ConfigCheck } from '../settings/config-checks/check.ts';
import type { ConfigFinding } from '../settings/config-problem.ts';

/** Pure: they touch nothing that is in force. */
export const expressionChecks: readonly ConfigCheck[] = [
  config => found(() => prepareLimits(config.limits)),
  config => found(() => compilePolicies(config)),
  checkAffinities,
];

/** Undefined for an affinity that is no expression. Throws what the compiler says. */
export function affinityExpression(text: string): Expression | undefined {
  return text === 'session' || text === 'none' ? undefined : new ExpressionCompiler().compile(text);
}

function checkAffinities({ upstreams }: Config): ConfigFinding[] {
  return Object.entries(upstreams).flatMap(([name, { affinity }]) => {
    try {
      affinityExpression(affinity);
      return [];
    } catch (error) {
      return [{ path: ['upstreams', name, 'affinity'], message: error instanceof Error ? error.message : String(error) }];
    }
  });
}

function found(compile: () => unknown): ConfigFinding[] {
  try {
    compile();
    return [];
  } catch (error) {
    if (error instanceof ConfigProblems) return error.problems.map(({ path, message }) => ({ path, message }));
    throw error;
  }
}
