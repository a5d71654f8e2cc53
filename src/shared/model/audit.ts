/** One row of the audit, as it stands on a line of `audit.jsonl`; and how rows are asked for. Names are those of the file, for people and SIEMs. */
import { z } from 'zod';

export const AuditKind = z.enum([
  'auth',
  'policy',
  'limit',
  'session',
  'breaker',
  'interception',
  'pin',
  'config',
  'admin',
  'child',
  'lifecycle',
  /** A call of a tool that was let through. */
  'call',
  /** A request that something else than a guard refused: malformed, draining, no upstream. */
  'request',
  /** Of the audit itself: a file begins, rows found no room, the trail was mended after a crash. */
  'file',
  'dropped',
  'recovered',
]);
export type AuditKind = z.infer<typeof AuditKind>;

const AuditDecision = z.object({
  stage: z.string(),
  kind: z.string(),
  id: z.string().optional(),
  tier: z.string().optional(),
  reason: z.string().optional(),
  version: z.string().optional(),
  evaluation_us: z.number().optional(),
});

export const AuditRow = z.object({
  /** From 1, without gaps. */
  seq: z.number().int(),
  /** ISO 8601, UTC, with milliseconds. */
  at: z.string(),
  kind: AuditKind,
  /** What happened, in a word: `refused`, `shadow`, `allowed`, `opened`, `applied` … */
  action: z.string(),
  reason: z.string().optional(),
  correlation_id: z.string().optional(),
  session_id: z.string().optional(),
  principal_id: z.string().optional(),
  listener: z.string().optional(),
  route: z.string().optional(),
  upstream: z.string().optional(),
  instance: z.string().optional(),
  client_name: z.string().optional(),
  method: z.string().optional(),
  target: z.string().optional(),
  outcome: z.string().optional(),
  status: z.number().int().optional(),
  code: z.string().optional(),
  /** SHA-256 of the canonical arguments. */
  arguments_digest: z.string().optional(),
  /** The arguments, masked; only where the configuration asks for them. */
  arguments: z.string().optional(),
  decisions: z.array(AuditDecision).optional(),
  /** Further facts of events that are not about an exchange. */
  details: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  /** `hash` of the row before; 64 zeros for the first. */
  prev_hash: z.string(),
  /** SHA-256 of the canonical JSON (RFC 8785) of this row without `hash`. */
  hash: z.string(),
});
export type AuditRow = z.infer<typeof AuditRow>;

export const AuditQuery = z.object({
  /** Epoch ms, inclusive. */
  from: z.number().optional(),
  /** Epoch ms, exclusive. */
  to: z.number().optional(),
  kinds: z.array(AuditKind).optional(),
  principal: z.string().optional(),
  upstream: z.string().optional(),
  /** Anywhere in the row, in any case. */
  text: z.string().max(200).optional(),
  limit: z.number().int().min(1).max(1000).default(100),
  /** `cursor` of the page before: only older rows. */
  cursor: z.number().int().optional(),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

/** Newest first. `cursor` is absent when there is nothing older. */
export interface AuditPage {
  readonly rows: readonly AuditRow[];
  readonly cursor?: number;
}
