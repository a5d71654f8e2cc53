/** Everyone who hears what happens at the gateway: metrics, audit, log, counters, timeline. Observers fail open. */
import { join } from 'node:path';
import type { Config } from '../../shared/config/schema.ts';
import type { RecordingState } from '../../shared/model/host.ts';
import type { UpstreamState } from '../../shared/model/gateway-state.ts';
import { openAuditTrail, type AuditTrail } from '../audit/audit-trail.ts';
import { eventLoopMonitor, type EventLoopMonitor } from '../metrics/event-loop-delay.ts';
import { gatewayLog } from '../metrics/gateway-log.ts';
import { gatewayMetrics, type GatewayMetrics } from '../metrics/gateway-metrics.ts';
import type { MetricReads } from '../metrics/state-metrics.ts';
import type { LiveAnswers } from '../pipeline/live-answers.ts';
import type { ToolCatalogue } from '../pipeline/tool-catalogue.ts';
import type { Clock, ComponentLogs, Logger } from '../ports.ts';
import type { TrafficStore } from '../store/traffic-store.ts';
import type { Conversations } from '../traffic/conversations.ts';
import { GatewayCounters } from './counters.ts';
import type { EventHub } from './event-hub.ts';
import { TimelineNotes } from './timeline-notes.ts';

export interface ObserversDeps {
  /** Where everybody tells what happens; those who hear it are put to it here. */
  readonly hub: EventHub;
  readonly dataDir: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly logs: ComponentLogs;
  readonly store: TrafficStore;
  readonly conversations: Conversations;
  readonly catalogue: ToolCatalogue;
  readonly live: LiveAnswers;
  readonly audit: () => Config['audit'];
  readonly secretValues: () => Iterable<string>;
  readonly upstreams: () => readonly UpstreamState[];
  readonly sessionCount: () => number;
  readonly recorder: () => RecordingState;
  readonly limits: MetricReads['limits'];
  readonly questions: MetricReads['questions'];
}

export interface Observers {
  readonly hub: Pick<EventHub, 'emit'>;
  readonly metrics: Pick<GatewayMetrics, 'render' | 'percentiles' | 'storeWritten'>;
  readonly counters: Pick<GatewayCounters, 'counts' | 'changes' | 'policyHits'>;
  readonly audit: Pick<AuditTrail, 'state' | 'query' | 'verify'>;
  readonly eventLoop: EventLoopMonitor;
  /** Tells all of them what they have not heard yet. */
  settle(): void;
  close(): Promise<void>;
}

/** Rejects when the audit cannot be opened: a gateway that should audit and cannot must not start silently. */
export async function openObservers(deps: ObserversDeps): Promise<Observers> {
  const { hub, dataDir, version, clock, log, store, conversations, catalogue, live } = deps;
  const eventLoop = eventLoopMonitor();
  const audit = await openAuditTrail({
    dir: join(dataDir, 'audit'),
    store,
    clock,
    config: deps.audit,
    secretValues: deps.secretValues,
    log,
  });
  const metrics = gatewayMetrics({
    clock,
    version,
    catalogue,
    eventLoop,
    read: {
      upstreams: deps.upstreams,
      sessions: deps.sessionCount,
      live: () => ({ pendingCount: live.pendingCount, streamCount: live.streamCount }),
      recorder: deps.recorder,
      limits: deps.limits,
      questions: deps.questions,
      audit: () => audit.state(),
    },
  });
  const counters = new GatewayCounters();
  const timeline = new TimelineNotes({ conversations, clock });
  hub.observe('counters', event => counters.observe(event));
  hub.observe('timeline', event => timeline.observe(event));
  hub.observeLater('metrics', event => metrics.observe(event));
  hub.observeLater('audit', event => audit.observe(event));
  hub.observeLater('log', gatewayLog(deps.logs));
  /** Whoever reads sees all that has happened. */
  const read = <A extends unknown[], R>(reading: (...about: A) => R) => {
    return (...about: A): R => {
      hub.settle();
      return reading(...about);
    };
  };
  return {
    hub,
    metrics: {
      render: read(accept => metrics.render(accept)),
      percentiles: read(() => metrics.percentiles()),
      storeWritten: durationMs => metrics.storeWritten(durationMs),
    },
    counters,
    audit: { state: read(() => audit.state()), query: read(query => audit.query(query)), verify: read(() => audit.verify()) },
    eventLoop,
    settle: () => hub.settle(),
    async close() {
      hub.settle();
      timeline.close();
      metrics.close();
      eventLoop.close();
      await audit.close();
    },
  };
}
