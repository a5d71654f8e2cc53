/** What windows and command lines ask of a gateway beside its live state: audit, pinned tools, sign-ins, explanations. */
import { z } from 'zod';
import { AuditRow } from './audit.ts';

/** Newest first. `cursor` is absent when there is nothing older. */
export const AuditPageData = z.object({ rows: z.array(AuditRow), cursor: z.number().int().optional() });

export const AuditCheck = z.object({
  isWhole: z.boolean(),
  /** In the order of the rows, so the first is where the chain breaks first; at most 20. */
  problems: z.array(
    z.object({
      what: z.enum(['changed-row', 'removed-rows', 'swapped-file', 'missing-file', 'cut-tail', 'unreadable-line', 'database']),
      text: z.string(),
      file: z.string().optional(),
      line: z.number().int().optional(),
      seq: z.number().int().optional(),
    }),
  ),
  fileCount: z.number().int(),
  rowCount: z.number().int(),
  firstAt: z.string().optional(),
  lastAt: z.string().optional(),
});
export type AuditCheck = z.infer<typeof AuditCheck>;

const MemberText = z.object({ digest: z.string(), text: z.string() });

/** A tool whose definition is not the one first seen. */
export const ToolChangeData = z.object({
  upstream: z.string(),
  tool: z.string(),
  /** Epoch ms. */
  pinnedAt: z.number(),
  changedAt: z.number(),
  isBlocked: z.boolean(),
  /** Of the definition that waits: what `pin.approve` has to name. */
  digest: z.string(),
  /** What differs; `text` is canonical JSON, cut where it is long. */
  members: z.array(z.object({ member: z.string(), before: MemberText.optional(), after: MemberText.optional() })),
});
export type ToolChangeData = z.infer<typeof ToolChangeData>;

/** Whether somebody is signed in to an upstream whose credentials are `signIn`. */
export const SignInStatus = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('signed-out'), problem: z.string().optional() }),
  z.object({ kind: z.literal('signing-in'), authorizationUrl: z.string() }),
  z.object({
    kind: z.literal('signed-in'),
    issuer: z.string(),
    scope: z.string().optional(),
    signedInAt: z.number(),
    /** Of the access token. */
    expiresAt: z.number().optional(),
    /** Goes on without the person when the access token has expired. */
    isRenewable: z.boolean(),
  }),
]);
export type SignInStatus = z.infer<typeof SignInStatus>;

/** Why a recorded message would pass or not by the policies in force now. */
export const PolicyExplanation = z.object({
  /** As it would be enforced, whatever `policyMode` is. */
  effect: z.enum(['allow', 'deny', 'unknown']),
  /** The policy that decided, or keeps it open, or `default`. */
  by: z.string(),
  reason: z.string(),
  version: z.string(),
  policies: z.array(
    z.object({
      id: z.string(),
      effect: z.enum(['allow', 'deny', 'require', 'log']),
      mode: z.enum(['enforce', 'shadow', 'off']),
      /** Its `match` fits the message; only then was it evaluated. */
      isMatched: z.boolean(),
      /** `unknown`: it looks at what is not recorded, as `error` says. */
      result: z.enum(['true', 'false', 'error', 'unknown']).optional(),
      error: z.string().optional(),
      evaluationUs: z.number().optional(),
    }),
  ),
});
export type PolicyExplanation = z.infer<typeof PolicyExplanation>;
