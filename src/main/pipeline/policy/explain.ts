/** Why a message would pass or not: every policy that was looked at, whether it is about the message, and what it said. */
import { RequestWork } from '../cel/work-budget.ts';
import { judge, malformed, type Finding } from './decide.ts';
import { effectOf, type DryRunEffect } from './dry-run.ts';
import type { CompiledPolicies } from './compile-policies.ts';
import type { Subject } from './subject.ts';

export interface ExplainedPolicy {
  readonly id: string;
  readonly effect: 'allow' | 'deny' | 'require' | 'log';
  readonly mode: 'enforce' | 'shadow' | 'off';
  /** Its `match` fits the message; only then was it evaluated. */
  readonly isMatched: boolean;
  readonly result?: Exclude<Finding['result'], 'unrecorded'>;
  readonly error?: string;
  readonly evaluationUs?: number;
}

export interface Explanation {
  /** As it would be enforced, whatever `policyMode` is. */
  readonly effect: DryRunEffect;
  readonly by: string;
  readonly reason: string;
  readonly version: string;
  readonly policies: readonly ExplainedPolicy[];
}

export interface ExplainOptions {
  readonly hasAuth: boolean;
  readonly from?: 'client' | 'server';
  readonly nowUs: () => number;
}

export function explain(compiled: CompiledPolicies, subject: Subject, { hasAuth, from = 'client', nowUs }: ExplainOptions): Explanation {
  const judged = malformed(compiled, subject, from) ?? judge(compiled, subject, { hasAuth, from, work: new RequestWork(), nowUs });
  const { findings } = judged;
  const { by, reason } = judged.open ?? judged;
  const byPolicy = new Map(findings.map(finding => [finding.policy.id, finding]));
  return {
    effect: effectOf(judged),
    by,
    reason,
    version: compiled.version,
    policies: compiled.policies.map(policy => explained(policy, byPolicy.get(policy.id))),
  };
}

function explained({ id, effect, mode }: CompiledPolicies['policies'][number], finding: Finding | undefined): ExplainedPolicy {
  if (finding === undefined) return { id, effect, mode, isMatched: false };
  const { result, error, evaluationUs } = finding;
  return {
    id,
    effect,
    mode,
    isMatched: true,
    result: result === 'unrecorded' ? 'unknown' : result,
    evaluationUs,
    ...(error === undefined ? {} : { error }),
  };
}
