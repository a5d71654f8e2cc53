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
  const { at, kind, action, ...facts } = draft;
  const open = { seq: after.seq + 1, at, kind, action, ...facts, prev_hash: after.hash };
  return { ...open, hash: hashOf(open) };
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
