/** What of an event belongs into the audit: refusals, what would have been one, calls of tools, and changes of state. No tokens, no values of arguments. */
import { createHash } from 'node:crypto';
import type { AuditKind } from '../../shared/model/audit.ts';
import type { Decision, GatewayEvent, GatewayEventOf } from '../../shared/model/gateway-event.ts';
import { maskText } from '../../shared/redaction/mask-text.ts';
import type { AuditDraft } from './audit-chain.ts';

/** A row is a line that people read. */
const MAX_TEXT = 500;
const MAX_DECISIONS = 20;
/** Arguments that a configuration wants kept; longer ones are kept as a digest. */
const MAX_ARGUMENTS = 16 * 1024;

type ExchangeEvent = GatewayEventOf<'exchange'>;

/** Which kind a stage's decision makes of a row. */
const kindOfStage: Readonly<Record<string, AuditKind>> = {
  authenticate: 'auth',
  'apply-policy': 'policy',
  'limit-ip': 'limit',
  'limit-rate': 'limit',
  'bind-session': 'session',
  'check-pins': 'pin',
  pinning: 'pin',
  intercept: 'interception',
};

/** The row for an event, or undefined for what passes without a trace: unremarkable exchanges, changes of health. */
export function draftOf(event: GatewayEvent, keepsArguments: boolean): AuditDraft | undefined {
  switch (event.type) {
    case 'exchange':
      return exchangeDraft(event, keepsArguments);
    case 'breaker': {
      const { instance, tool, from, to, reopensAt } = event;
      return draft(event, 'breaker', to, event.reason, { instance, tool, from, reopens_at: reopensAt });
    }
    case 'child':
      return draft(event, 'child', event.what, event.reason, { instance: event.instance, pid: event.pid });
    case 'session':
      return draft(event, 'session', event.what, event.reason);
    case 'pin':
      return draft(event, 'pin', event.what, event.reason, { tool: event.tool });
    case 'config':
      return draft(event, 'config', event.outcome, event.reason, { config_hash: event.hash });
    case 'admin':
      return draft(event, 'admin', event.action, event.reason, { target: event.target, actor: event.actor });
    case 'interception':
      return draft(event, 'interception', event.action, event.reason, { rule_id: event.ruleId });
    case 'lifecycle':
      return draft(event, 'lifecycle', event.what, event.reason);
    case 'health':
      return undefined;
  }
}

function exchangeDraft(event: ExchangeEvent, keepsArguments: boolean): AuditDraft | undefined {
  const told = event.decisions.filter(({ kind }) => kind !== 'passed');
  // By which policy a call was let through is asked later as well.
  const shown = event.decisions.filter(({ stage, kind }) => kind !== 'passed' || kindOfStage[stage] === 'policy');
  // Another attempt is nobody's judgement: the call stays one that was let through.
  const decisive = mostTelling(told.filter(({ stage, kind }) => kind === 'refused' || Object.hasOwn(kindOfStage, stage)));
  const refusedElsewhere = event.outcome === 'refused' && decisive?.kind !== 'refused';
  if (decisive === undefined && !refusedElsewhere && event.method !== 'tools/call') return undefined;
  const kind = refusedElsewhere ? 'request' : decisive === undefined ? 'call' : (kindOfStage[decisive.stage] ?? 'request');
  const action = refusedElsewhere ? 'refused' : (decisive?.kind ?? 'allowed');
  return {
    ...draft(event, kind, action, event.reason ?? decisive?.reason, { path: event.path }),
    ...optional({
      instance: event.instance,
      client_name: clip(event.clientName),
      method: clip(event.method),
      target: clip(event.target),
      outcome: event.outcome,
      status: event.status,
      code: event.code,
      decisions: shown.length === 0 ? undefined : shown.slice(0, MAX_DECISIONS).map(shownDecision),
    }),
    ...argumentsOf(event, keepsArguments),
  };
}

/** What refused weighs more than what would have, and that more than what was only noted. */
function mostTelling(decisions: readonly Decision[]): Decision | undefined {
  for (const kind of ['refused', 'shadow', 'changed', 'logged'] as const) {
    const found = decisions.find(decision => decision.kind === kind);
    if (found !== undefined) return found;
  }
  return undefined;
}

function shownDecision({ stage, kind, id, tier, reason, version, evaluationUs }: Decision) {
  const known = { id: clip(id), tier, reason: clip(reason), version: clip(version), evaluation_us: evaluationUs };
  return { stage, kind, ...optional(known) };
}

function argumentsOf({ argumentsDigest }: ExchangeEvent, keepsArguments: boolean): Pick<AuditDraft, 'arguments' | 'arguments_digest'> {
  if (argumentsDigest === undefined) return {};
  // An event made under the other setting is told by its form.
  if (!keepsArguments || /^sha256:[0-9a-f]{64}$/.test(argumentsDigest))
    return { arguments_digest: argumentsDigest.startsWith('sha256:') ? argumentsDigest : digestOf(argumentsDigest) };
  if (argumentsDigest.length > MAX_ARGUMENTS) return { arguments_digest: digestOf(argumentsDigest) };
  return { arguments: maskText(argumentsDigest).text };
}

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

function draft(
  event: GatewayEvent,
  kind: AuditKind,
  action: string,
  reason: string | undefined,
  details: Readonly<Record<string, string | number | undefined>> = {},
): AuditDraft {
  const { instance, ...others } = details;
  const known: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(others)) if (value !== undefined) known[name] = clip(value);
  return {
    at: new Date(event.at).toISOString(),
    kind,
    action,
    ...optional({
      reason: clip(reason),
      correlation_id: event.correlationId,
      session_id: event.sessionId,
      principal_id: event.principalId,
      listener: event.listener,
      route: event.route,
      upstream: event.upstream,
      instance: instance === undefined ? undefined : String(instance),
      details: Object.keys(known).length === 0 ? undefined : known,
    }),
  };
}

/** Words of peers are cut and lose what looks like a secret. */
function clip<T extends string | number | undefined>(value: T): T {
  return (typeof value === 'string' ? masked(value.slice(0, MAX_TEXT)) : value) as T;
}

/** Methods, names and reasons come again and again. */
const maskedTexts = new Map<string, string>();
const MAX_REMEMBERED = 1_000;
const MAX_REMEMBERED_LENGTH = 100;

function masked(text: string): string {
  const known = maskedTexts.get(text);
  if (known !== undefined) return known;
  const shown = maskText(text).text;
  if (text.length > MAX_REMEMBERED_LENGTH) return shown;
  if (maskedTexts.size >= MAX_REMEMBERED) maskedTexts.clear();
  maskedTexts.set(text, shown);
  return shown;
}

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function optional<T extends object>(fields: T): Known<T> {
  const known: Known<T> = {};
  for (const name in fields) if (fields[name] !== undefined) known[name] = fields[name] as Known<T>[typeof name];
  return known;
}
