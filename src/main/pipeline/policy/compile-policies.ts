/** Policies of a configuration, compiled. Touches nothing that is in force. */
import type { Mode, PolicyConfig, PolicyDefaults } from '../../../shared/config/schema.ts';
import { canonicalDigest } from '../../traffic/canonical-digest.ts';
import { ExpressionCompiler, type Expression } from '../cel/compile-expression.ts';
import { ConfigProblems, doubleIds, type FoundProblem } from './config-problems.ts';
import { compileMatch, type CompiledMatch, type Matchable } from './match.ts';
import { RememberedMatch } from './remembered-match.ts';

export interface PolicySource {
  readonly policies: readonly PolicyConfig[];
  readonly defaults: PolicyDefaults;
  readonly policyMode: Mode;
}

export interface CompiledPolicy {
  readonly id: string;
  readonly effect: PolicyConfig['effect'];
  readonly mode: Mode;
  readonly match: CompiledMatch;
  /** Absent: true. */
  readonly when: Expression | undefined;
  readonly message: string | undefined;
}

export interface CompiledPolicies {
  /** Sorted by id, because the order in the file means nothing. Without those that are off. */
  readonly policies: readonly CompiledPolicy[];
  /** Those of them whose match fits, in the same order. */
  about(subject: Matchable): readonly CompiledPolicy[];
  readonly defaults: PolicyDefaults;
  readonly policyMode: Mode;
  /** Of all that is said in them; it goes with every decision. */
  readonly version: string;
  /** Some policy is about messages that servers send: it names methods of theirs. */
  readonly actsOnServerMessages: boolean;
  /** For a wrapped server: whether anything could act on its messages, and whether an enforced policy could deny one. */
  effectOn(serverName: string): EffectOnServer;
}

export interface EffectOnServer {
  readonly canAct: boolean;
  readonly isClosedOnLoss: boolean;
  /** Something could be said about what the server asks or tells by itself. */
  readonly judgesServer: boolean;
}

/** Throws ConfigProblems. */
export function compilePolicies({ policies, defaults, policyMode }: PolicySource): CompiledPolicies {
  const compiler = new ExpressionCompiler();
  const problems = doubleIds('policies', policies);
  const compiled = policies
    .map((policy, at) => compilePolicy(policy, `policies[${at}]`, compiler, problems))
    .filter(({ mode }) => mode !== 'off' && policyMode !== 'off')
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  if (problems.length > 0) throw new ConfigProblems(problems);
  const matching = new RememberedMatch(subject => compiled.filter(({ match }) => match.matches(subject)));
  return {
    policies: compiled,
    about: subject => matching.of(subject),
    defaults,
    policyMode,
    version: canonicalDigest({ policies, defaults, policyMode }).slice('sha256:'.length, 'sha256:'.length + 12),
    actsOnServerMessages: compiled.some(({ effect, match }) => effect !== 'allow' && match.isForServers),
    effectOn(serverName) {
      const concerned = compiled.filter(({ match }) => match.mayMatchServer(serverName));
      const isClosed = policyMode !== 'off' && defaults.effect === 'deny';
      return {
        canAct: isClosed || concerned.length > 0,
        judgesServer: concerned.some(({ effect, match }) => effect !== 'allow' && match.isForServers),
        isClosedOnLoss:
          policyMode === 'enforce' &&
          (isClosed || concerned.some(({ effect, mode }) => mode === 'enforce' && (effect === 'deny' || effect === 'require'))),
      };
    },
  };
}

/** What is decided where no policy allows or denies. `hasAuth` is that of the listener. */
export function defaultEffect({ defaults }: CompiledPolicies, hasAuth: boolean): 'allow' | 'deny' {
  return defaults.effect ?? (hasAuth ? 'deny' : 'allow');
}

function compilePolicy(policy: PolicyConfig, path: string, compiler: ExpressionCompiler, problems: FoundProblem[]): CompiledPolicy {
  const { id, effect, mode, match, message } = policy;
  let when: Expression | undefined;
  if (policy.when !== undefined)
    try {
      when = compiler.compile(policy.when);
    } catch (error) {
      problems.push({ path: `${path}.when`, message: error instanceof Error ? error.message : String(error) });
    }
  return { id, effect, mode, match: compileMatch(match), when, message };
}
