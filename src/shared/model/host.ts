/** What a host tells of itself. */
import { z } from 'zod';
import { StoreStats } from './timeline.ts';

export const ListenerInfo = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['proxy', 'gateway', 'hub']),
  /** The address clients dial; a socket path for the hub. */
  url: z.string(),
  upstream: z.string().optional(),
});
export type ListenerInfo = z.infer<typeof ListenerInfo>;

export const HostInfo = z.object({
  version: z.string(),
  contractVersion: z.number().int(),
  kind: z.enum(['desktop', 'headless']),
  pid: z.number().int(),
  dataDir: z.string(),
  nodeVersion: z.string(),
  platform: z.string(),
  startedAt: z.number(),
  /** Command lines that a person can copy; absolute where a client needs them so. */
  wrapCommand: z.string(),
  proxyCommand: z.string(),
  listeners: z.array(ListenerInfo),
});
export type HostInfo = z.infer<typeof HostInfo>;

export const RecordingState = z.object({
  isOn: z.boolean(),
  /** Waiting in the queue. */
  queuedBytes: z.number().int(),
  /** Since the host started. */
  droppedBodyCount: z.number().int(),
  unrecordedFrameCount: z.number().int(),
  /** Set when recording stopped by itself (disk full, read-only …): shown as a banner; traffic goes on. */
  problem: z.string().optional(),
});
export type RecordingState = z.infer<typeof RecordingState>;

export const HostStatus = z.object({
  recording: RecordingState,
  store: StoreStats,
  listeners: z.array(ListenerInfo),
  liveSessionCount: z.number().int(),
  clientCount: z.number().int(),
  serverCount: z.number().int(),
  pendingCount: z.number().int(),
  /** Of the answered requests of the last 5 minutes (at most 2000 of them); absent when there were none. */
  p50Ms: z.number().optional(),
  p95Ms: z.number().optional(),
  sample: z.object({
    isRunning: z.boolean(),
    step: z.string(),
    done: z.number().int(),
    total: z.number().int(),
    problem: z.string().optional(),
  }),
});
export type HostStatus = z.infer<typeof HostStatus>;

/** A node of the sources tree: a client with the servers it speaks to. */
export const Source = z.object({
  clientName: z.string(),
  liveSessionCount: z.number().int(),
  exchangeCount: z.number().int(),
  errorCount: z.number().int(),
  servers: z.array(
    z.object({
      serverName: z.string(),
      transport: z.enum(['stdio', 'streamable-http', 'http-sse']),
      state: z.enum(['live', 'closed', 'interrupted']),
      liveSessionCount: z.number().int(),
      pendingCount: z.number().int(),
      exchangeCount: z.number().int(),
      errorCount: z.number().int(),
      lastAt: z.number(),
    }),
  ),
});
export type Source = z.infer<typeof Source>;

export const Check = z.object({
  name: z.string(),
  state: z.enum(['ok', 'warn', 'fail']),
  detail: z.string(),
  /** What to do next; empty when ok. */
  advice: z.string(),
});
export type Check = z.infer<typeof Check>;
