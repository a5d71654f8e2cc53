/** The lines of a tape, version 1. See docs/tape-format.md; a change of meaning is a new version with a converter. */
import { z } from 'zod';
import { FrameSummary } from '../../shared/model/frame.ts';
import { SessionSummary } from '../../shared/model/session.ts';

export const tapeVersion = 1;

/** Bytes of a body: as text where they are valid UTF-8, else base64. Absent where nothing was recorded. */
const Bytes = z.union([z.object({ text: z.string() }), z.object({ base64: z.base64() })]);
export type TapeBytes = z.infer<typeof Bytes>;

export const TapeHeader = z.looseObject({
  line: z.literal('header'),
  format: z.literal('mcptape'),
  version: z.literal(tapeVersion),
  tool: z.object({ name: z.string(), version: z.string() }),
  exportedAt: z.number(),
  /** Whether payload secrets were masked; credential headers always are, they are not even stored. */
  isMasked: z.boolean(),
  session: SessionSummary,
});
export type TapeHeader = z.infer<typeof TapeHeader>;

export const TapeFrame = z.looseObject({
  line: z.literal('frame'),
  ...FrameSummary.omit({ sessionId: true, preview: true }).shape,
  body: Bytes.optional(),
  delivered: Bytes.optional(),
  /** Secrets masked in this frame's bodies; absent when none. */
  maskedCount: z.number().int().optional(),
});
export type TapeFrame = z.infer<typeof TapeFrame>;

export const TapeEnd = z.looseObject({
  line: z.literal('end'),
  frameCount: z.number().int(),
  /** Over the bytes of all lines before, their line feeds included. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type TapeEnd = z.infer<typeof TapeEnd>;
