/** Judges recorded calls by a draft and by what is in force, so that a policy is seen at work before it is enforced. */
import { setImmediate } from 'node:timers/promises';
import { RequestWork } from '../cel/work-budget.ts';
import type { CompiledPolicies } from './compile-policies.ts';
import { judge, type Judgement } from './decide.ts';
import type { Subject } from './subject.ts';

/** A call of the record; `ref` is whatever the caller needs to find its row again. */
export interface RecordedCall<Ref> {
  readonly ref: Ref;
  readonly subject: Subject;
  readonly hasAuth: boolean;
}

export interface DryRunEntry<Ref> {
  readonly ref: Ref;
  readonly now: 'allow' | 'deny';
  readonly draft: 'allow' | 'deny';
  /** What decided under the draft: a policy, or `default`. */
  readonly policyId: string;
  readonly reason: string;
}

export interface DryRunOutcome<Ref> {
  readonly callCount: number;
  readonly allowCount: number;
  readonly denyCount: number;
  readonly changedCount: number;
  /** The changed ones first, each in the order in which they came; bounded. */
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
  const counts = { callCount: 0, allowCount: 0, denyCount: 0, changedCount: 0 };
  const changed: DryRunEntry<Ref>[] = [];
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
    if (entry.draft === 'allow') counts.allowCount += 1;
    else counts.denyCount += 1;
    const list = entry.draft === entry.now ? same : changed;
    if (list === changed) counts.changedCount += 1;
    if (list.length < maxRows) list.push(entry);
    if (nowUs() - sliceUs < SLICE_US) continue;
    await setImmediate();
    sliceUs = nowUs();
  }
  signal.throwIfAborted();
  return { ...counts, rows: [...changed, ...same].slice(0, maxRows), isCut };
}

function judged<Ref>(
  draft: CompiledPolicies,
  current: CompiledPolicies,
  { ref, subject, hasAuth }: RecordedCall<Ref>,
  nowUs: () => number,
): DryRunEntry<Ref> {
  const by = (policies: CompiledPolicies): Judgement =>
    judge(policies, subject, { hasAuth, from: 'client', work: new RequestWork(), nowUs });
  const after = by(draft);
  const now = current.policyMode === 'enforce' ? by(current).effect : 'allow';
  return { ref, now, draft: after.effect, policyId: after.by, reason: after.reason };
}
