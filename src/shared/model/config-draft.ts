/** What the text of a configuration says of policies while somebody writes it: texts as they stand, right or wrong. */
import { z } from 'zod';
import { ConfigProblem } from './gateway-state.ts';

/** One entry of `policies`. What is not of the expected form is left out here and named in the problems. */
export const DraftPolicy = z.object({
  /** First and last line of the entry, from 1. */
  line: z.number().int(),
  endLine: z.number().int(),
  /** Empty where it is missing. */
  id: z.string(),
  effect: z.string(),
  mode: z.string(),
  when: z.string().optional(),
  message: z.string().optional(),
  /** Globs by what they are about: methods, servers, tools, prompts, resources, clients. */
  match: z.record(z.string(), z.array(z.string())),
});
export type DraftPolicy = z.infer<typeof DraftPolicy>;

export const DraftDefaults = z.object({
  /** Absent: deny on listeners with auth, allow on others. */
  effect: z.string().optional(),
  onError: z.string(),
  hideDenied: z.boolean(),
});
export type DraftDefaults = z.infer<typeof DraftDefaults>;

export const ConfigDraft = z.object({
  /** With the edits made. */
  text: z.string(),
  problems: z.array(ConfigProblem),
  warnings: z.array(ConfigProblem),
  /** Why the edits could not be made; the text is then as it was. */
  editProblem: z.string().optional(),
  /** False where the text is no YAML: nothing can be said of it, nor edited by value. */
  isReadable: z.boolean(),
  policies: z.array(DraftPolicy),
  policyMode: z.string(),
  defaults: DraftDefaults,
  /** Names of upstreams. */
  servers: z.array(z.string()),
});
export type ConfigDraft = z.infer<typeof ConfigDraft>;
