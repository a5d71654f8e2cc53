/** Every topic: a snapshot on subscription, then changes, each with the next sequence number. A gap asks for a new subscription. */
import { z } from 'zod';
import { HostStatus, Source } from '../model/host.ts';
import { GatewayStatus, LimitsState, UpstreamState } from '../model/gateway-state.ts';
import { Preferences } from '../model/preferences.ts';
import { ViewState } from '../model/timeline.ts';

export const topics = {
  /** State of one view of the caller's. Rows are pulled with `timeline.rows`. At most one message per 100 ms. */
  timeline: { params: z.object({ viewId: z.string() }), message: ViewState },
  /** The tree of clients and servers with counts. Whole at each change; bounded to 500 nodes; at most one per 250 ms. */
  sources: { params: z.object({}), message: z.object({ sources: z.array(Source), isTruncated: z.boolean() }) },
  /** Which sessions changed since the last message; empty list with `all` when too many to name. */
  sessions: { params: z.object({}), message: z.object({ changedIds: z.array(z.string()), isAll: z.boolean() }) },
  /** The status strip: recording, store, latencies, listeners, sample. At most one per 500 ms. */
  status: { params: z.object({}), message: HostStatus },
  /** Listeners, counters, the configuration in force, the newest changes of state. At most one per 500 ms. */
  gateway: { params: z.object({}), message: GatewayStatus },
  /** Breakers, health, load of every instance; troubled first is the window's job. At most one per 250 ms. */
  upstreams: { params: z.object({}), message: z.object({ upstreams: z.array(UpstreamState) }) },
  /** Limiter keys, the refused ones first. At most one per 250 ms. */
  limits: { params: z.object({}), message: LimitsState },
  preferences: { params: z.object({}), message: Preferences },
} as const;

export type Topics = typeof topics;
export type TopicName = keyof Topics;
export type TopicParams<N extends TopicName> = z.input<Topics[N]['params']>;
export type TopicMessage<N extends TopicName> = z.output<Topics[N]['message']>;
