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
/** A row and a decision in it that are still being written, field by field: every call of a tool makes them. */
type NewRow = { -readonly [K in keyof AuditDraft]: AuditDraft[K] };
type NewDecision = { -readonly [K in keyof AuditDecision]: AuditDecision[K] };
type AuditDecision = NonNullable<AuditDraft['decisions']>[number];

type Details = Readonly<Record<string, string | number | undefined>>;

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
  const row = draft(event, kind, action, event.reason ?? decisive?.reason, { path: event.path });
  tellExchange(row, event);
  if (shown.length > 0) row.decisions = shown.slice(0, MAX_DECISIONS).map(shownDecision);
  tellArguments(row, event, keepsArguments);
  return row;
}

function tellExchange(row: NewRow, { instance, clientName, method, target, outcome, status, code }: ExchangeEvent): void {
  if (instance !== undefined) row.instance = instance;
  if (clientName !== undefined) row.client_name = clip(clientName);
  if (method !== undefined) row.method = clip(method);
  if (target !== undefined) row.target = clip(target);
  row.outcome = outcome;
  row.status = status;
  if (code !== undefined) row.code = code;
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
  const shown: NewDecision = { stage, kind };
  if (id !== undefined) shown.id = clip(id);
  if (tier !== undefined) shown.tier = tier;
  if (reason !== undefined) shown.reason = clip(reason);
  if (version !== undefined) shown.version = clip(version);
  if (evaluationUs !== undefined) shown.evaluation_us = evaluationUs;
  return shown;
}

function tellArguments(row: NewRow, { argumentsDigest }: ExchangeEvent, keepsArguments: boolean): void {
  if (argumentsDigest === undefined) return;
  // An event made under the other setting is told by its form.
  if (!keepsArguments || /^sha256:[0-9a-f]{64}$/.test(argumentsDigest))
    row.arguments_digest = argumentsDigest.startsWith('sha256:') ? argumentsDigest : digestOf(argumentsDigest);
  else if (argumentsDigest.length > MAX_ARGUMENTS) row.arguments_digest = digestOf(argumentsDigest);
  else row.arguments = maskText(argumentsDigest).text;
}

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

function draft(event: GatewayEvent, kind: AuditKind, action: string, reason: string | undefined, details: Details = {}): NewRow {
  const row: NewRow = { at: new Date(event.at).toISOString(), kind, action };
  const { correlationId, sessionId, principalId, listener, route, upstream } = event;
  if (reason !== undefined) row.reason = clip(reason);
  if (correlationId !== undefined) row.correlation_id = correlationId;
  if (sessionId !== undefined) row.session_id = sessionId;
  if (principalId !== undefined) row.principal_id = principalId;
  if (listener !== undefined) row.listener = listener;
  if (route !== undefined) row.route = route;
  if (upstream !== undefined) row.upstream = upstream;
  const { instance, ...others } = details;
  if (instance !== undefined) row.instance = String(instance);
  for (const [name, value] of Object.entries(others)) if (value !== undefined) (row.details ??= {})[name] = clip(value);
  return row;
}

/** Words of peers are cut and lose what looks like a secret. */
function clip<T extends string | number>(value: T): T {
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
