/** The one place where stages meet, and the order in which they run. */
import type { Stage } from '../pipeline/stage.ts';
import { forward } from './forward.ts';
import { record, type RecordDeps } from './record.ts';

export type StageDeps = RecordDeps;

/**
 * The order is the product's security model. Outermost first; `record` wraps all, so that refusals are recorded too.
 * Only stages that act are listed. Between these two will stand, in this order: limit-ip, authenticate, validate,
 * apply-policy, limit-rate, intercept, recheck-policy (only if intercept changed something), retry.
 */
export function stagesInOrder(deps: StageDeps): readonly Stage[] {
  return [record(deps), forward()];
}
