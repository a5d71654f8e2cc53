/** What policies and pins do to the messages of an answer, and which answers have to be looked at for that. */
import { rpcErrorBody } from '../../../shared/errors/error-table.ts';
import type { Decision } from '../../../shared/model/gateway-event.ts';
import type { AnswerChanges } from '../../pipeline/answer-messages.ts';
import { RequestWork } from '../../pipeline/cel/work-budget.ts';
import type { Guard } from '../../pipeline/guard.ts';
import { drop } from '../../pipeline/policy/changed-text.ts';
import { subjectOf, surroundingsOf, type Subject, type Surroundings } from '../../pipeline/policy/subject.ts';
import type { Answer, Exchange, Next } from '../../pipeline/stage.ts';
import type { ReadMessage } from '../../traffic/sighting.ts';
import type { ApplyPolicyDeps } from '../apply-policy.ts';
import { ServerAnswers } from './answer-server.ts';
import { filteredList, listKindOfMethod, listKindOfResult, type ListKind } from './list-filter.ts';

const STAGE = 'apply-policy';
/** Like a request on a guarded route. */
const MAX_BYTES = 16 * 1024 * 1024;
/** A stream may stay for days; what is decided after these is done, and not told any more. */
const MAX_TOLD = 100;

/** What becomes of an answer, once its head is there. Undefined when nobody needs to look at it: it then streams through untouched. */
export function answerChanges(
  deps: ApplyPolicyDeps,
  exchange: Exchange,
  guard: Guard,
  next: Next,
): ((answer: Answer) => AnswerChanges) | undefined {
  const { engine, pins } = deps;
  const { upstream, hasAuth } = guard.route;
  // Lists may also arrive on a stream: of HTTP+SSE (2024-11-05), or resumed (2025-11-25). Some servers answer what has no id.
  const mayHaveLists =
    exchange.request.method === 'GET' ||
    guard.items.some(({ message }) => 'method' in message && listKindOfMethod(message.method) !== undefined);
  const onServer = engine.onServerMessages;
  // A server whose changed tools are blocked may not show them in the answer to anything else either.
  const isStrict = pins.canBlock(upstream);
  if (!mayHaveLists && !isStrict && onServer === 'nothing') return undefined;
  const answers = new ServerAnswers(exchange, guard, next, deps.clock);
  const look = new AnswerLook({
    deps,
    guard,
    answers,
    surroundings: surroundingsOf(exchange, guard, deps.clock.now()),
    asked: kindsById(guard),
  });
  const changes: AnswerChanges = {
    upstream,
    maxBytes: MAX_BYTES,
    isClosed: isStrict || onServer === 'enforced' || (mayHaveLists && engine.hides(hasAuth)),
    change: (message, text) => look.change(message, text),
  };
  return answer => {
    answers.answered(answer);
    return changes;
  };
}

/** Of the requests. An id that is there twice says nothing about what is answered under it, so that the shape has to. */
function kindsById({ items }: Guard): ReadonlyMap<string, ListKind | undefined> {
  const kinds = new Map<string, ListKind | undefined>();
  const repeated = new Set<string>();
  for (const { message } of items) {
    if (message.kind !== 'request') continue;
    if (kinds.has(message.idText)) repeated.add(message.idText);
    kinds.set(message.idText, listKindOfMethod(message.method));
  }
  for (const idText of repeated) kinds.delete(idText);
  return kinds;
}

interface LookOptions {
  readonly deps: ApplyPolicyDeps;
  readonly guard: Guard;
  readonly answers: ServerAnswers;
  readonly surroundings: Surroundings;
  /** Ids of the requests of this exchange, and what lists they ask for. */
  readonly asked: ReadonlyMap<string, ListKind | undefined>;
}

class AnswerLook {
  readonly #deps: ApplyPolicyDeps;
  readonly #guard: Guard;
  readonly #answers: ServerAnswers;
  readonly #surroundings: Surroundings;
  readonly #asked: LookOptions['asked'];
  #toldCount = 0;

  constructor({ deps, guard, answers, surroundings, asked }: LookOptions) {
    this.#deps = deps;
    this.#guard = guard;
    this.#answers = answers;
    this.#surroundings = surroundings;
    this.#asked = asked;
  }

  change(item: ReadMessage, text: string): string | undefined {
    const { message } = item;
    switch (message.kind) {
      case 'request':
      case 'notification': {
        const denied = this.#ofServer(subjectOf(item, this.#surroundings));
        if (denied === undefined) return undefined;
        if (message.kind === 'request') this.#answers.deny({ idText: message.idText, by: denied.by, reason: denied.reason });
        return drop;
      }
      case 'result':
        return this.#inputDenied(message.idText, message.result) ?? this.#list(message.idText, message.result, text);
      case 'error':
        return undefined;
    }
  }

  /** Revision 2026-07-28: what the server asks of the client stands inside a result. It cannot be taken out alone. */
  #inputDenied(idText: string, result: unknown): string | undefined {
    for (const { method, params } of inputRequests(result)) {
      const subject: Subject = { ...this.#surroundings, method, tool: '', prompt: '', resource: '', args: params, toolMeta: undefined };
      const denied = this.#ofServer(subject);
      if (denied === undefined) continue;
      const facts = { policy_id: denied.by, reason: denied.reason, correlation_id: this.#guard.correlationId };
      return rpcErrorBody('DENIED', denied.reason, idText, facts);
    }
    return undefined;
  }

  #ofServer(subject: Subject): { readonly by: string; readonly reason: string } | undefined {
    const { engine } = this.#deps;
    if (engine.onServerMessages === 'nothing') return undefined;
    const ruling = engine.rule(subject, { hasAuth: this.#guard.route.hasAuth, from: 'server', work: new RequestWork() });
    for (const decision of ruling.decisions)
      // The exchange itself is not refused by it.
      if (decision.kind !== 'passed') this.#tell(decision.kind === 'refused' ? { ...decision, kind: 'changed' } : decision);
    return ruling.isDenied ? ruling : undefined;
  }

  #list(idText: string, result: unknown, text: string): string | undefined {
    const kind = this.#asked.has(idText) ? this.#asked.get(idText) : listKindOfResult(result);
    if (kind === undefined) return undefined;
    const filtered = filteredList(this.#deps, this.#guard, this.#surroundings, { kind, result, text });
    if (filtered === undefined) return undefined;
    this.#tell({ stage: STAGE, kind: 'changed', reason: filtered.reason, version: this.#deps.engine.compiled.version });
    return filtered.text;
  }

  #tell(decision: Decision): void {
    if (this.#toldCount >= MAX_TOLD) return;
    this.#toldCount += 1;
    this.#guard.decisions.push(decision);
  }
}

function inputRequests(result: unknown): { readonly method: string; readonly params: unknown }[] {
  const requests = typeof result === 'object' && result !== null && 'inputRequests' in result ? result.inputRequests : undefined;
  if (typeof requests !== 'object' || requests === null) return [];
  return Object.values(requests).flatMap((request: unknown) => {
    if (typeof request !== 'object' || request === null || !('method' in request) || typeof request.method !== 'string') return [];
    return [{ method: request.method, params: 'params' in request ? request.params : undefined }];
  });
}
