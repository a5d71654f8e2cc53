/** The chain of the audit: each row carries the hash of the one before, and its own over all that it says. */
import { hash as digest } from 'node:crypto';
import { canonicalJson } from '../../shared/mcp/canonical-json.ts';
import { AuditRow } from '../../shared/model/audit.ts';

/** A row before it has its place. */
export type AuditDraft = Omit<AuditRow, 'seq' | 'prev_hash' | 'hash'>;

/** `prev_hash` of the very first row. */
export const GENESIS = '0'.repeat(64);

/** Where the next row joins on. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

export function sealed(draft: AuditDraft, after: ChainEnd): AuditRow {
  const row = { seq: after.seq + 1, ...draft, prev_hash: after.hash, hash: '' };
  row.hash = digest('sha256', canonicalJson(inOrder(row)), 'hex');
  return row;
}

/** All that a row says, without `hash`. */
type Hashed<T> = { readonly [K in Exclude<keyof T, 'hash'>]-?: T[K] | undefined };

/** With its members in canonical order, so that nothing has to be sorted: every call of a tool makes a row. */
function inOrder(row: AuditRow): Hashed<AuditRow> {
  return {
    action: row.action,
    arguments: row.arguments,
    arguments_digest: row.arguments_digest,
    at: row.at,
    client_name: row.client_name,
    code: row.code,
    correlation_id: row.correlation_id,
    decisions: row.decisions?.map(decisionInOrder),
    details: row.details,
    instance: row.instance,
    kind: row.kind,
    listener: row.listener,
    method: row.method,
    outcome: row.outcome,
    prev_hash: row.prev_hash,
    principal_id: row.principal_id,
    reason: row.reason,
    route: row.route,
    seq: row.seq,
    session_id: row.session_id,
    status: row.status,
    target: row.target,
    upstream: row.upstream,
  };
}

type AuditDecision = NonNullable<AuditRow['decisions']>[number];

function decisionInOrder({ evaluation_us, id, kind, reason, stage, tier, version }: AuditDecision): AuditDecision {
  const decision: Hashed<AuditDecision> = { evaluation_us, id, kind, reason, stage, tier, version };
  return decision as AuditDecision;
}

/** SHA-256, hexadecimal, of the canonical JSON of the row without its `hash`. */
export function hashOf(row: Readonly<Record<string, unknown>>): string {
  const { hash: own, ...rest } = row;
  void own;
  return digest('sha256', canonicalJson(rest), 'hex');
}

/** The row of a line, with whether it is what its hash says; undefined for a line that is no row at all. */
export function readLine(line: string): { readonly row: AuditRow; readonly isWhole: boolean } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = AuditRow.safeParse(json);
  if (!parsed.success) return undefined;
  // The hash is over what stands there, members that we do not know included.
  return { row: parsed.data, isWhole: hashOf(json as Record<string, unknown>) === parsed.data.hash };
}
