/**
 * The decision about one message: any deny that is true or errs denies; any require that is false or errs denies; any allow that
 * is true allows; otherwise the default. What order the policies stand in never matters.
 */
import type { Decision } from '../../../shared/model/gateway-event.ts';
import type { RequestWork } from '../cel/work-budget.ts';
import { defaultEffect, type CompiledPolicies, type CompiledPolicy } from './compile-policies.ts';
import type { Subject } from './subject.ts';

/** What one policy said about one message. */
export interface Finding {
  readonly policy: CompiledPolicy;
  /** `unrecorded`: it looks at what the record does not have of the message, and so may be anything. */
  readonly result: 'true' | 'false' | 'error' | 'unknown' | 'unrecorded';
  readonly error?: string;
  readonly evaluationUs: number;
}

export interface Judgement {
  readonly effect: 'allow' | 'deny';
  /** The policy that decided, or `default`. */
  readonly by: string;
  readonly reason: string;
  /** A default that nobody wrote down: nothing decided, and nothing is told. */
  readonly isSilent: boolean;
  /** What policies in shadow mode and `log` policies found. */
  readonly noted: readonly Pick<Decision, 'kind' | 'id' | 'reason'>[];
  readonly findings: readonly Finding[];
  /** The policy that could have decided otherwise, had it not looked at what is not recorded, and why. Only of messages of the record. */
  readonly open?: { readonly by: string; readonly reason: string };
}

export interface Asking {
  readonly hasAuth: boolean;
  /** A message of the server is judged by the policies that name methods of servers, and passes by default. */
  readonly from: 'client' | 'server';
  /** An entry of a list: nobody knows its arguments, so that what depends on them hides nothing. */
  readonly isListing?: boolean;
  readonly work: RequestWork;
  /** Monotonic µs. */
  readonly nowUs: () => number;
}

/** Without these nobody could begin, end or look around; lists are filtered entry by entry. A default lets them pass, a policy may deny them. */
const beginnings = new Set([
  'initialize',
  'ping',
  'server/discover',
  'logging/setLevel',
  'subscriptions/listen',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
]);

/** Judges by what is enforced; `policyMode: shadow` is the caller's to honour. */
export function judge(compiled: CompiledPolicies, subject: Subject, asking: Asking): Judgement {
  const { onError } = compiled.defaults;
  const findings = look(compiled, subject, asking);
  const enforced = findings.filter(({ policy }) => policy.mode === 'enforce');
  const shared = { noted: notes(findings, onError, subject), findings, isSilent: false };
  const against = enforced.find(finding => denies(finding, onError));
  if (against !== undefined) return { ...shared, effect: 'deny', by: against.policy.id, reason: denial(against, subject) };
  const open = openAmong(subject, enforced, ['deny', 'require']);
  if (open !== undefined) return { ...shared, effect: 'deny', ...open, open };
  const inFavour = enforced.find(({ policy, result }) => policy.effect === 'allow' && (result === 'true' || result === 'unknown'));
  if (inFavour !== undefined)
    return { ...shared, effect: 'allow', by: inFavour.policy.id, reason: `The policy ${inFavour.policy.id} allows it.` };
  const fallback = byDefault(compiled, subject, asking);
  const maybe = fallback.effect === 'allow' ? undefined : openAmong(subject, enforced, ['allow']);
  return { ...shared, ...fallback, ...(maybe === undefined ? {} : { open: maybe }) };
}

/** These are about a target: without a readable name nobody can tell what they would do. */
const targeted: Readonly<Record<string, 'tool' | 'prompt' | 'resource'>> = {
  'tools/call': 'tool',
  'prompts/get': 'prompt',
  'resources/read': 'resource',
  'resources/subscribe': 'resource',
  'resources/unsubscribe': 'resource',
};

/** A call whose name is missing or no text would fit no glob and yet be understood by a lenient server. */
export function malformed({ policies }: CompiledPolicies, subject: Subject, from: Asking['from']): Judgement | undefined {
  const target = Object.hasOwn(targeted, subject.method) ? targeted[subject.method] : undefined;
  if (from === 'server' || target === undefined || subject[target] !== '' || policies.length === 0) return undefined;
  return { effect: 'deny', by: 'malformed', reason: `${named(subject)} names no ${target}.`, isSilent: false, noted: [], findings: [] };
}

function openAmong(
  { unrecorded }: Subject,
  enforced: readonly Finding[],
  effects: readonly CompiledPolicy['effect'][],
): { readonly by: string; readonly reason: string } | undefined {
  if (unrecorded === undefined) return undefined;
  const found = enforced.find(({ policy, result }) => result === 'unrecorded' && effects.includes(policy.effect));
  return found === undefined
    ? undefined
    : {
        by: found.policy.id,
        reason: `The policy ${found.policy.id} cannot be judged: it ${found.error ?? 'looks at more than is recorded'}.`,
      };
}

function byDefault(
  compiled: CompiledPolicies,
  subject: Subject,
  { hasAuth, from }: Asking,
): Pick<Judgement, 'effect' | 'by' | 'reason' | 'isSilent'> {
  const { method } = subject;
  const isBeginning = from === 'server' || beginnings.has(method) || method.startsWith('notifications/');
  if (isBeginning || defaultEffect(compiled, hasAuth) === 'allow')
    return { effect: 'allow', by: 'default', reason: 'No policy is against it.', isSilent: compiled.policies.length === 0 };
  return { effect: 'deny', by: 'default', reason: `No policy allows ${named(subject)}.`, isSilent: false };
}

function look(compiled: CompiledPolicies, subject: Subject, { from, isListing = false, work, nowUs }: Asking): Finding[] {
  const findings: Finding[] = [];
  for (const policy of compiled.about(subject)) {
    if (from === 'server' && !policy.match.isForServers) continue;
    findings.push(evaluated(policy, subject, { isListing, work, nowUs }));
  }
  return findings;
}

function evaluated(
  policy: CompiledPolicy,
  subject: Subject,
  { isListing, work, nowUs }: { readonly isListing: boolean; readonly work: RequestWork; readonly nowUs: () => number },
): Finding {
  const { when } = policy;
  if (when === undefined) return { policy, result: 'true', evaluationUs: 0 };
  if (isListing && when.looksAtArguments) return { policy, result: 'unknown', evaluationUs: 0 };
  const startedUs = nowUs();
  const outcome = when.test(subject, work);
  const evaluationUs = nowUs() - startedUs;
  // Errors add up to one of them, and which one is a matter of order: with a gap among them the others may not have been any.
  const gap = subject.unrecorded === undefined ? undefined : work.takeGap();
  if (!outcome.ok && gap !== undefined)
    return { policy, result: 'unrecorded', error: `looks at ${gap}, which is not recorded`, evaluationUs };
  if (!outcome.ok) return { policy, result: 'error', error: outcome.error, evaluationUs };
  return { policy, result: outcome.value ? 'true' : 'false', evaluationUs };
}

function denies({ policy, result }: Finding, onError: 'deny' | 'allow'): boolean {
  if (policy.effect !== 'deny' && policy.effect !== 'require') return false;
  if (result === 'error') return onError === 'deny';
  return result === (policy.effect === 'deny' ? 'true' : 'false');
}

function notes(findings: readonly Finding[], onError: 'deny' | 'allow', subject: Subject): Judgement['noted'] {
  const noted: Pick<Decision, 'kind' | 'id' | 'reason'>[] = [];
  for (const finding of findings) {
    const { policy, result, error } = finding;
    if (policy.effect === 'log') {
      if (result === 'false' || result === 'unrecorded') continue;
      const reason = result === 'error' ? `could not be evaluated: ${error ?? ''}` : (policy.message ?? named(subject));
      noted.push({ kind: 'logged', id: policy.id, reason });
    } else if (policy.mode === 'shadow' && denies(finding, onError))
      noted.push({ kind: 'shadow', id: policy.id, reason: denial(finding, subject) });
  }
  return noted;
}

function denial({ policy, result, error }: Finding, subject: Subject): string {
  const { id, effect, message } = policy;
  if (result === 'error')
    return `${message === undefined ? '' : `${finished(message)} `}The policy ${id} denies what it cannot judge (${error ?? ''}).`;
  if (message !== undefined) return finished(message);
  return effect === 'deny'
    ? `The policy ${id} denies ${named(subject)}.`
    : `The policy ${id} asks of ${named(subject)} what is not fulfilled.`;
}

/** The advice of the error table follows it. */
function finished(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

/** Names come from outside, and only their beginning is repeated. */
export function named({ method, tool, prompt, resource }: Subject): string {
  const target = tool || prompt || resource;
  const shown = (text: string) => (text.length > 100 ? `${text.slice(0, 100)}…` : text);
  return target === '' ? shown(method) : `${shown(method)} of ${shown(target)}`;
}
