/** Timeline views: what a table asks for, and what it is told while it lives. */
import { z } from 'zod';
import { ExchangeSummary } from './exchange.ts';
import { FrameSummary } from './frame.ts';

export const SortColumn = z.enum(['id', 'startedAt', 'client', 'server', 'method', 'target', 'status', 'durationMs', 'sizeBytes']);
export type SortColumn = z.infer<typeof SortColumn>;

export const TimelineSpec = z.object({
  /** `exchanges`: one row per exchange; `frames`: one row per frame. */
  mode: z.enum(['exchanges', 'frames']),
  /** Filter text in the grammar of shared/filters; empty shows all. A text that does not parse is refused with its position. */
  filter: z.string().max(4000),
  /** Narrow to these sessions, or to a client/server pair of the sources tree. */
  scope: z.object({
    sessionIds: z.array(z.string()).max(200).optional(),
    clientName: z.string().optional(),
    serverName: z.string().optional(),
  }),
  /** Leave thin rows out (notifications, stderr …). */
  requestsOnly: z.boolean(),
  sort: z.object({ column: SortColumn, descending: z.boolean() }),
});
export type TimelineSpec = z.infer<typeof TimelineSpec>;

export const ViewState = z.object({
  /** Grows with each change of the view; rows fetched under an older revision may be stale. */
  revision: z.number().int(),
  /** Rows that match. While scanning: matches so far. */
  matched: z.number().int(),
  /** Rows in scope without the text filter. */
  total: z.number().int(),
  /** 1 when complete; less while a long scan goes on. */
  progress: z.number(),
  /** Set when the positions of earlier rows moved (re-sorted); otherwise rows were only appended or changed in place. */
  isReordered: z.boolean(),
});
export type ViewState = z.infer<typeof ViewState>;

export const TimelineRow = z.discriminatedUnion('row', [
  z.object({ row: z.literal('exchange'), exchange: ExchangeSummary }),
  z.object({ row: z.literal('frame'), id: z.number().int(), frame: FrameSummary, clientName: z.string(), serverName: z.string() }),
]);
export type TimelineRow = z.infer<typeof TimelineRow>;

export const RowsPage = z.object({
  revision: z.number().int(),
  from: z.number().int(),
  rows: z.array(TimelineRow),
});
export type RowsPage = z.infer<typeof RowsPage>;

export const FindQuery = z.object({
  from: z.number().int(),
  backwards: z.boolean(),
  what: z.enum(['error']),
});
export type FindQuery = z.infer<typeof FindQuery>;

export const SessionQuery = z.object({
  /** Words searched in names, upstreams and, through full text, in bodies. */
  search: z.string().max(1000),
  states: z.array(z.enum(['live', 'closed', 'interrupted'])).optional(),
  sort: z.enum(['startedAt', 'lastAt', 'name', 'frameCount', 'errorCount', 'sizeBytes']).default('startedAt'),
  descending: z.boolean().default(true),
  offset: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(1000).default(200),
});
export type SessionQuery = z.infer<typeof SessionQuery>;

export const StoreStats = z.object({
  path: z.string(),
  sizeBytes: z.number().int(),
  sessionCount: z.number().int(),
  frameCount: z.number().int(),
  exchangeCount: z.number().int(),
  schemaVersion: z.number().int(),
  state: z.enum(['ok', 'read-only', 'full', 'set-aside', 'failed']),
  /** In words, when the state is not ok. */
  problem: z.string().optional(),
});
export type StoreStats = z.infer<typeof StoreStats>;
