/** Judges recorded calls by a draft and by what is in force, so that a policy is seen at work before it is enforced. */
import { setImmediate } from 'node:timers/promises';
import { RequestWork } from '../cel/work-budget.ts';
import type { CompiledPolicies } from './compile-policies.ts';
import { judge, malformed, type Judgement } from './decide.ts';
import type { Subject } from './subject.ts';

/** A call of the record; `ref` is whatever the caller needs to find its row again. */
export interface RecordedCall<Ref> {
  readonly ref: Ref;
  readonly subject: Subject;
  /** Of the listener, by the draft and by what is in force. */
  readonly hasAuth: { readonly draft: boolean; readonly now: boolean };
}

/** `unknown`: it depends on something that is not recorded. */
export type DryRunEffect = 'allow' | 'deny' | 'unknown';

export interface DryRunEntry<Ref> {
  readonly ref: Ref;
  readonly now: DryRunEffect;
  readonly draft: DryRunEffect;
  /** What decided under the draft, or keeps it open: a policy, or `default`. */
  readonly policyId: string;
  readonly reason: string;
}

export interface DryRunOutcome<Ref> {
  readonly callCount: number;
  readonly allowCount: number;
  readonly denyCount: number;
  /** Neither: what the draft looks at is not recorded. */
  readonly unknownCount: number;
  readonly changedCount: number;
  /** The changed ones first, then those of which that is not known, each in the order in which they came; bounded. */
  readonly rows: readonly DryRunEntry<Ref>[];
  /** There were more calls than were judged. */
  readonly isCut: boolean;
}

export interface DryRunOptions {
  readonly signal: AbortSignal;
  /** Monotonic µs. */
  readonly nowUs: () => number;
  readonly maxCalls?: number;
  readonly maxRows?: number;
}

const MAX_CALLS = 10_000;
const MAX_ROWS = 500;
/** Others wait no longer than this for their turn. */
const SLICE_US = 8000;

/**
 * `draft` is judged as if `policyMode` were `enforce`, because that is the question; `current` as it is. Policies that are in shadow
 * mode themselves deny nothing in either. Rejects with the reason of `signal` when it was called off.
 */
export async function dryRun<Ref>(
  draft: CompiledPolicies,
  current: CompiledPolicies,
  calls: Iterable<RecordedCall<Ref>> | AsyncIterable<RecordedCall<Ref>>,
  { signal, nowUs, maxCalls = MAX_CALLS, maxRows = MAX_ROWS }: DryRunOptions,
): Promise<DryRunOutcome<Ref>> {
  const counts = { callCount: 0, allowCount: 0, denyCount: 0, unknownCount: 0, changedCount: 0 };
  const changed: DryRunEntry<Ref>[] = [];
  const unsure: DryRunEntry<Ref>[] = [];
  const same: DryRunEntry<Ref>[] = [];
  let isCut = false;
  let sliceUs = nowUs();
  for await (const call of calls) {
    signal.throwIfAborted();
    if (counts.callCount >= maxCalls) {
      isCut = true;
      break;
    }
    const entry = judged(draft, current, call, nowUs);
    counts.callCount += 1;
    counts[`${entry.draft}Count`] += 1;
    const isUnsure = entry.draft === 'unknown' || entry.now === 'unknown';
    const list = isUnsure ? unsure : entry.draft === entry.now ? same : changed;
    if (list === changed) counts.changedCount += 1;
    if (list.length < maxRows) list.push(entry);
    if (nowUs() - sliceUs < SLICE_US) continue;
    await setImmediate();
    sliceUs = nowUs();
  }
  signal.throwIfAborted();
  return { ...counts, rows: [...changed, ...unsure, ...same].slice(0, maxRows), isCut };
}

function judged<Ref>(
  draft: CompiledPolicies,
  current: CompiledPolicies,
  { ref, subject, hasAuth }: RecordedCall<Ref>,
  nowUs: () => number,
): DryRunEntry<Ref> {
  const by = (policies: CompiledPolicies, isAuthOn: boolean): Judgement =>
    malformed(policies, subject, 'client') ??
    judge(policies, subject, { hasAuth: isAuthOn, from: 'client', work: new RequestWork(), nowUs });
  const after = by(draft, hasAuth.draft);
  const now = current.policyMode === 'enforce' ? effectOf(by(current, hasAuth.now)) : 'allow';
  const { by: policyId, reason } = after.open ?? after;
  return { ref, now, draft: effectOf(after), policyId, reason };
}

export function effectOf({ effect, open }: Judgement): DryRunEffect {
  return open === undefined ? effect : 'unknown';
}
