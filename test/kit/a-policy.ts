/** A policy as a draft of the configuration tells of it, with what a test is about. */
import type { DraftPolicy } from '../../src/shared/model/config-draft.ts';

export const aPolicy = (id: string, rest: Partial<DraftPolicy> = {}): DraftPolicy => ({
  line: 1,
  endLine: 1,
  id,
  effect: 'deny',
  mode: 'enforce',
  match: {},
  ...rest,
});
