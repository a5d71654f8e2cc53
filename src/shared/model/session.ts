/** A session: one client's conversation through us; a process (stdio), an `Mcp-Session-Id` (legacy HTTP), or identity + connection + idle gap (modern HTTP). */
import { z } from 'zod';
import { Transport } from './frame.ts';

export const SessionState = z.enum(['live', 'closed', 'interrupted']);
/** `interrupted`: the host died while it was live, so its end is not known. */
export type SessionState = z.infer<typeof SessionState>;

const Peer = z.object({ name: z.string(), version: z.string(), title: z.string().optional() });

export const SessionSummary = z.object({
  id: z.string(),
  /** The name a person gave it; empty until then. */
  name: z.string(),
  state: SessionState,
  transport: Transport,
  era: z.enum(['legacy', 'modern']),
  protocolVersion: z.string().optional(),
  /** Display names: what the peer said of itself, else what is known (user agent, `--name`, host of the URL, command). */
  clientName: z.string(),
  serverName: z.string(),
  clientInfo: Peer.optional(),
  serverInfo: Peer.optional(),
  /** Upstream URL, or the command line of a wrapped server; secrets masked. */
  upstream: z.string(),
  /** Started only to be asked `server/discover` and then closed (SDK v2 probing): not a crash. */
  isProbe: z.boolean(),
  /** Recorded by a shim without a host at hand: nothing was enforced. */
  wasOffline: z.boolean(),
  startedAt: z.number(),
  lastAt: z.number(),
  endedAt: z.number().optional(),
  endReason: z.string().optional(),
  exitCode: z.number().int().optional(),
  exitSignal: z.string().optional(),
  frameCount: z.number().int(),
  exchangeCount: z.number().int(),
  errorCount: z.number().int(),
  pendingCount: z.number().int(),
  sizeBytes: z.number().int(),
});
export type SessionSummary = z.infer<typeof SessionSummary>;
