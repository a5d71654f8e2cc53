/** The policies in force, and what they decide. Swapped as a whole. */
import type { Decision } from '../../../shared/model/gateway-event.ts';
import type { Clock } from '../../ports.ts';
import type { RequestWork } from '../cel/work-budget.ts';
import { compilePolicies, defaultEffect, type CompiledPolicies } from './compile-policies.ts';
import { judge, malformed, type Asking, type Judgement } from './decide.ts';
import type { Subject } from './subject.ts';

const STAGE = 'apply-policy';
/** What each policy took is of interest to a dry run alone. */
const noTimes = () => 0;

/** What the stage does about one message. */
export interface Ruling {
  readonly isDenied: boolean;
  /** Id of the policy, `default`, or `malformed`. */
  readonly by: string;
  readonly reason: string;
  /** For the decisions of the exchange. */
  readonly decisions: readonly Decision[];
}

export type RulingAbout = Pick<Asking, 'hasAuth' | 'from' | 'work'>;

export class PolicyEngine {
  readonly #clock: Clock;
  #compiled: CompiledPolicies;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#compiled = compilePolicies({ policies: [], defaults: { onError: 'deny', hideDenied: true }, policyMode: 'enforce' });
  }

  /** From the next message on. */
  apply(compiled: CompiledPolicies): void {
    this.#compiled = compiled;
  }

  get compiled(): CompiledPolicies {
    return this.#compiled;
  }

  rule(subject: Subject, about: RulingAbout): Ruling {
    const compiled = this.#compiled;
    const { policyMode } = compiled;
    if (policyMode === 'off') return { isDenied: false, by: 'default', reason: '', decisions: [] };
    const startedUs = this.#clock.monotonicUs();
    const judged = malformed(compiled, subject, about.from) ?? judge(compiled, subject, { ...about, nowUs: noTimes });
    const evaluationUs = this.#clock.monotonicUs() - startedUs;
    return ruling(judged, compiled, evaluationUs);
  }

  /** Whether anything could be said about a message of a client. */
  isActive(hasAuth: boolean): boolean {
    const { policyMode, policies } = this.#compiled;
    return policyMode !== 'off' && (policies.length > 0 || defaultEffect(this.#compiled, hasAuth) === 'deny');
  }

  /** Whether policies look at messages of servers, and whether one of them could be kept from its client. */
  get onServerMessages(): 'nothing' | 'noted' | 'enforced' {
    const { policyMode, policies, actsOnServerMessages } = this.#compiled;
    if (policyMode === 'off' || !actsOnServerMessages) return 'nothing';
    const isEnforced = policies.some(
      ({ mode, effect, match }) => match.isForServers && mode === 'enforce' && (effect === 'deny' || effect === 'require'),
    );
    return policyMode === 'enforce' && isEnforced ? 'enforced' : 'noted';
  }

  /** Whether a list may name it: what calling it would be denied for sure is not shown. */
  mayShow(subject: Subject, hasAuth: boolean, work: RequestWork): boolean {
    const judged = judge(this.#compiled, subject, { hasAuth, from: 'client', isListing: true, work, nowUs: () => 0 });
    return judged.effect === 'allow';
  }

  /** Whether lists lose what policies deny. */
  hides(hasAuth: boolean): boolean {
    const { policyMode, defaults, policies } = this.#compiled;
    if (policyMode !== 'enforce' || !defaults.hideDenied) return false;
    return defaultEffect(this.#compiled, hasAuth) === 'deny' || policies.some(({ mode, effect }) => mode === 'enforce' && effect !== 'log');
  }
}

function ruling(judged: Judgement, { policyMode, version }: CompiledPolicies, evaluationUs: number): Ruling {
  const { effect, by, reason, isSilent, noted } = judged;
  const wouldDeny = effect === 'deny';
  const isDenied = wouldDeny && policyMode === 'enforce';
  const kind = isDenied ? 'refused' : wouldDeny ? 'shadow' : 'passed';
  const own: readonly Decision[] = isSilent ? [] : [{ stage: STAGE, kind, id: by, reason, version, evaluationUs }];
  return { isDenied, by, reason, decisions: [...noted.map(note => ({ stage: STAGE, ...note, version })), ...own] };
}
