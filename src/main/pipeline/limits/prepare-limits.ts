/** Limits of a configuration, compiled: globs, address ranges, expressions. Touches nothing that is in force. */
import type { LimitConfig, Mode } from '../../../shared/config/schema.ts';
import { canonicalJson } from '../../../shared/mcp/canonical-json.ts';
import { ExpressionCompiler, type Expression } from '../cel/compile-expression.ts';
import { ConfigProblems, doubleIds, type FoundProblem } from '../policy/config-problems.ts';
import { compileGlob, type Glob } from '../../support/glob.ts';
import { compileMatch, type CompiledMatch } from '../policy/match.ts';
import type { Subject } from '../policy/subject.ts';
import { addressRange } from './addresses.ts';

export type Tier = LimitConfig['tier'];

export interface PreparedLimit {
  readonly config: LimitConfig;
  readonly id: string;
  readonly tier: Tier;
  readonly mode: Mode;
  readonly match: CompiledMatch;
  /** Calls that may be made at once. */
  readonly capacity: number;
  /** In which time those become available again, ms. */
  readonly capacityWindowMs: number;
  /** What it promises over time: so many calls in `windowMs`. */
  readonly limit: number;
  readonly windowMs: number;
  /** Its part of `RateLimit-Policy`, the same on every answer. */
  readonly policyField: string;
  /** Equal for limits whose buckets mean the same. */
  readonly fingerprint: string;
  costOf(subject: Subject): number;
  isExempt(subject: Subject): boolean;
}

export interface PreparedLimits {
  readonly limits: readonly PreparedLimit[];
}

/** Throws ConfigProblems. */
export function prepareLimits(limits: readonly LimitConfig[]): PreparedLimits {
  const compiler = new ExpressionCompiler();
  const problems = doubleIds('limits', limits);
  const prepared = limits.map((config, at) => prepareLimit(config, `limits[${at}]`, compiler, problems));
  if (problems.length > 0) throw new ConfigProblems(problems);
  return { limits: prepared };
}

function prepareLimit(config: LimitConfig, path: string, compiler: ExpressionCompiler, problems: FoundProblem[]): PreparedLimit {
  const isBucket = config.algorithm === 'token-bucket';
  const capacity = isBucket ? config.capacity : config.limit;
  for (const [name, cost] of Object.entries(config.costs))
    if (cost > capacity)
      problems.push({
        path: `${path}.costs[${JSON.stringify(name)}]`,
        message: `A call may cost at most ${capacity}, or it could never be made.`,
      });
  const capacityWindowMs = isBucket ? (config.capacity / config.refill) * config.per : config.per;
  return {
    config,
    id: config.id,
    tier: config.tier,
    mode: config.mode,
    match: compileMatch(config.match),
    capacity,
    capacityWindowMs,
    limit: isBucket ? config.refill : config.limit,
    windowMs: config.per,
    policyField: `"${config.id}";q=${Math.floor(capacity)};w=${Math.max(1, Math.ceil(capacityWindowMs / 1000))}`,
    fingerprint: fingerprint(config),
    costOf: costs(config),
    isExempt: exemption(config, path, compiler, problems),
  };
}

/** Mode, costs and exemptions may change under a bucket: they say what is taken from it, not what it holds. */
function fingerprint(config: LimitConfig): string {
  const { id, tier, match, algorithm, per } = config;
  const numbers = config.algorithm === 'token-bucket' ? [config.capacity, config.refill] : [config.limit];
  return canonicalJson([id, tier, match ?? {}, algorithm, per, ...numbers]);
}

/** A cost names a tool (a prompt, a resource) or a method; the closest name wins, and of two equally close ones the tool. */
function costs({ costs: byName }: LimitConfig): (subject: Subject) => number {
  const priced: readonly (readonly [Glob, number])[] = Object.entries(byName).map(([name, cost]) => [compileGlob(name), cost]);
  if (priced.length === 0) return () => 1;
  return ({ method, tool, prompt, resource }) => {
    const target = tool || prompt || resource;
    let best = 1;
    let closeness = -1;
    for (const [glob, cost] of priced) {
      const fits = target !== '' && glob.matches(target) ? glob.specificity + 0.5 : glob.matches(method) ? glob.specificity : -1;
      if (fits > closeness) [best, closeness] = [cost, fits];
    }
    return best;
  };
}

function exemption(
  { exempt }: LimitConfig,
  path: string,
  compiler: ExpressionCompiler,
  problems: FoundProblem[],
): (subject: Subject) => boolean {
  if (exempt === undefined) return () => false;
  const ranges = exempt.addresses.flatMap((text, at) => {
    const range = addressRange(text);
    if (range !== undefined) return [range];
    problems.push({ path: `${path}.exempt.addresses[${at}]`, message: 'Write an address or a range such as 10.0.0.0/8.' });
    return [];
  });
  const clients = exempt.clients.map(text => compileGlob(text));
  const when = expression(exempt.when, `${path}.exempt.when`, compiler, problems);
  return subject => {
    const { ip, name } = subject.client;
    if (ip !== '' && ranges.some(isInRange => isInRange(ip))) return true;
    if (clients.some(glob => glob.matches(subject.principal.id) || (name !== '' && glob.matches(name)))) return true;
    const outcome = when?.test(subject);
    // An expression that errs exempts nobody.
    return outcome?.ok === true && outcome.value;
  };
}

function expression(
  text: string | undefined,
  path: string,
  compiler: ExpressionCompiler,
  problems: FoundProblem[],
): Expression | undefined {
  if (text === undefined) return undefined;
  try {
    return compiler.compile(text);
  } catch (error) {
    problems.push({ path, message: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}
