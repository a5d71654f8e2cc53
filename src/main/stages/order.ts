/** The one place where stages meet, and the order in which they run. */
import type { Stage } from '../pipeline/stage.ts';
import { account, type AccountDeps } from './account.ts';
import { applyPolicy, type ApplyPolicyDeps } from './apply-policy.ts';
import { authenticate, type AuthenticateDeps } from './authenticate.ts';
import { bindSession, type BindSessionDeps } from './bind-session.ts';
import { forward } from './forward.ts';
import { limitIp } from './limit-ip.ts';
import { limitRate, type LimitRateDeps } from './limit-rate.ts';
import { record } from './record.ts';
import type { RecordDeps } from './record/record-deps.ts';
import { retry, type RetryDeps } from './retry.ts';
import { validate, type ValidateDeps } from './validate.ts';

/** What the guards of a gateway need, stage by stage. */
export interface GuardDeps {
  readonly record: RecordDeps;
  readonly account: AccountDeps;
  readonly authenticate: AuthenticateDeps;
  readonly validate: ValidateDeps;
  readonly sessions: BindSessionDeps;
  readonly policy: ApplyPolicyDeps;
  readonly limits: LimitRateDeps;
  readonly retry: RetryDeps;
}

/** A transparent proxy: nothing can apply, so only the record looks on. */
export function stagesInOrder(deps: RecordDeps): readonly Stage[] {
  return [record(deps), forward()];
}

/**
 * A guarded route. The order is the product's security model. Outermost first; `record` wraps all, so that refusals are
 * recorded too, and `account` counts them. Only stages that act are listed: intercept (rules, hold) and recheck-policy (only if
 * intercept changed something) will stand between limit-rate and retry.
 */
export function guardedStagesInOrder(deps: GuardDeps): readonly Stage[] {
  return [
    record(deps.record),
    account(deps.account),
    limitIp(deps.limits),
    authenticate(deps.authenticate),
    validate(deps.validate),
    bindSession(deps.sessions),
    applyPolicy(deps.policy),
    limitRate(deps.limits),
    retry(deps.retry),
    forward(),
  ];
}

/** What is answered before any guard: preflights, well-known documents, foreign hosts and origins. */
export function openStagesInOrder(deps: Pick<GuardDeps, 'record' | 'account'>): readonly Stage[] {
  return [record(deps.record), account(deps.account), forward()];
}

/** A path at which nothing is served, or what cannot be read: whoever tries that out pays for it like for anything else. */
export function strayStagesInOrder(deps: Pick<GuardDeps, 'record' | 'account' | 'limits'>): readonly Stage[] {
  return [record(deps.record), account(deps.account), limitIp(deps.limits), forward()];
}

/**
 * A line of a wrapped session: there is one client and one child, so nobody to authenticate and nothing to balance. Frames are
 * recorded by the hub, which numbers them.
 */
export function stdioStagesInOrder(deps: Pick<GuardDeps, 'account' | 'policy' | 'limits'>): readonly Stage[] {
  return [account(deps.account), applyPolicy(deps.policy), limitRate(deps.limits), forward()];
}
