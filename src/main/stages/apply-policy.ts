/**
 * Decides about every message of a request by the policies in force and the pinned tools, always by its body. One message that is
 * denied refuses all that came with it. Answers lose the list entries that would be denied, and what servers ask for themselves
 * and may not.
 */
import type { Decision } from '../../shared/model/gateway-event.ts';
import { mapAnswerMessages } from '../pipeline/answer-messages.ts';
import { RequestWork } from '../pipeline/cel/work-budget.ts';
import type { Guard } from '../pipeline/guard.ts';
import { type UnclearKey, unclearKey } from '../pipeline/policy/double-keys.ts';
import type { PolicyEngine } from '../pipeline/policy/policy-engine.ts';
import { subjectOf, surroundingsOf } from '../pipeline/policy/subject.ts';
import type { ToolPins } from '../pipeline/policy/tool-pins.ts';
import type { Exchange, Next, Stage, Verdict } from '../pipeline/stage.ts';
import type { Clock } from '../ports.ts';
import { answerChanges } from './apply-policy/answer-changes.ts';

export interface ApplyPolicyDeps {
  readonly engine: PolicyEngine;
  readonly pins: ToolPins;
  readonly clock: Clock;
}

const STAGE = 'apply-policy';
/** Batches ended with revision 2025-03-26; nobody sends longer ones but to wear out whoever looks at them. */
const MAX_BATCH = 200;

export function applyPolicy(deps: ApplyPolicyDeps): Stage {
  return {
    name: STAGE,
    handle(exchange, next) {
      const { guard } = exchange;
      if (guard === undefined) return next(exchange);
      const refusal = ambiguity(deps, exchange, guard) ?? denial(deps, exchange, guard);
      return refusal === undefined ? passed(deps, exchange, guard, next) : Promise.resolve(refusal);
    },
  };
}

function passed(deps: ApplyPolicyDeps, exchange: Exchange, guard: Guard, next: Next): Promise<Verdict> {
  const changes = answerChanges(deps, exchange, guard, next);
  if (changes === undefined) return next(exchange);
  // Upstreams of guarded routes ask for plain answers; one that comes packed all the same is refused or passes unseen.
  return next(exchange).then(verdict =>
    verdict.kind === 'answer' ? { kind: 'answer', answer: mapAnswerMessages(verdict.answer, changes(verdict.answer)) } : verdict,
  );
}

/** What a policy reads and what the server reads must be the same. */
function ambiguity({ engine, pins }: ApplyPolicyDeps, { request }: Exchange, guard: Guard): Verdict | undefined {
  const { body } = request;
  const { route } = guard;
  if (body.kind !== 'whole' || guard.items.length === 0) return undefined;
  if (!engine.isActive(route.hasAuth) && !pins.canBlock(route.upstream) && route.stepUp.length === 0) return undefined;
  const text = Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength).toString('utf8');
  const found = unclearKey(text);
  if (found !== undefined) return unclear(guard, sentenceOf(found));
  // Read as an answer here, and as a request by whoever looks for a method first.
  const isTwofold = guard.items.some(({ message }) => message.kind === 'result' || message.kind === 'error') && hasMethod(text);
  if (isTwofold) return unclear(guard, 'An answer has a method as well.');
  if (!guard.isBatch) return undefined;
  const elements = JSON.parse(text) as readonly unknown[];
  if (elements.length > MAX_BATCH) return unclear(guard, `A batch has more than ${MAX_BATCH} messages.`);
  // Elements that are no messages are not among the items, and would go on unseen.
  return elements.length === guard.items.length ? undefined : unclear(guard, 'An element of the batch is no JSON-RPC message.');
}

function sentenceOf({ key, problem }: UnclearKey): string {
  const shown = JSON.stringify(key.slice(0, 60));
  return problem === 'twice'
    ? `The key ${shown} is there twice in one object.`
    : `The key ${shown} differs from a member of the protocol in case alone.`;
}

function hasMethod(text: string): boolean {
  const body: unknown = JSON.parse(text);
  const isMarked = (value: unknown) =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, 'method') && ('result' in value || 'error' in value);
  return Array.isArray(body) ? body.some(isMarked) : isMarked(body);
}

function denial({ engine, pins, clock }: ApplyPolicyDeps, exchange: Exchange, guard: Guard): Verdict | undefined {
  const { route, decisions } = guard;
  const surroundings = surroundingsOf(exchange, guard, clock.now());
  const work = new RequestWork();
  let refusal: Verdict | undefined;
  for (const item of guard.items) {
    if (item.message.kind !== 'request' && item.message.kind !== 'notification') continue;
    const subject = subjectOf(item, surroundings, tool => pins.meta(route.upstream, tool));
    const blocked = subject.method === 'tools/call' ? pins.blocked(route.upstream, subject.tool) : undefined;
    if (blocked !== undefined) {
      decisions.push({ stage: STAGE, kind: 'refused', id: 'pinning', reason: blocked });
      refusal ??= denied('pinning', blocked);
      continue;
    }
    const ruling = engine.rule(subject, { hasAuth: route.hasAuth, from: 'client', work });
    decisions.push(...ruling.decisions);
    if (ruling.isDenied) refusal ??= denied(ruling.by, ruling.reason);
  }
  return refusal;
}

function denied(policyId: string, reason: string): Verdict {
  return { kind: 'refuse', stage: STAGE, code: 'DENIED', reason, facts: { policy_id: policyId, reason } };
}

function unclear({ decisions }: Guard, reason: string): Verdict {
  const decision: Decision = { stage: STAGE, kind: 'refused', id: 'malformed', reason };
  decisions.push(decision);
  return { kind: 'refuse', stage: STAGE, code: 'BAD_REQUEST', reason, facts: {} };
}
