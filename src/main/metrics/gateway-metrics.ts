/** Counts what happens at the gateway and renders it for a scraper. An observer: it runs once per exchange and never throws. */
import { Registry } from '@prometheus-io/client';
import { type ErrorCode, errorTable } from '../../shared/errors/error-table.ts';
import type { Decision, GatewayEvent, GatewayEventOf } from '../../shared/model/gateway-event.ts';
import type { Clock } from '../ports.ts';
import { BoundedSeries } from './bounded-series.ts';
import type { EventLoopMonitor } from './event-loop-delay.ts';
import { type Exposition, expositionFor } from './exposition.ts';
import { instruments, operationLabels, requestLabels } from './instruments.ts';
import { LabelWords, methodWord, OTHER } from './label-words.ts';
import { processMetrics } from './process-metrics.ts';
import { type Percentiles, RecentDurations } from '../support/recent-durations.ts';
import { type MetricReads, readState } from './state-metrics.ts';

/** Label sets of one metric; a histogram has seventeen lines for each. */
const MAX_SERIES = 1000;
/** Different tools over all upstreams, and different names of routes, instances, limits and policies: they change with reloads. */
const MAX_TOOLS = 500;
const MAX_NAMES = 1000;
/** Different error codes of servers; the code is theirs to choose. */
const MAX_ERROR_TYPES = 50;

export interface GatewayMetricsOptions {
  readonly clock: Clock;
  readonly version: string;
  /** Whether a list of this upstream named the tool; every other tool is `_other`. */
  readonly catalogue: { meta(upstream: string, tool: string): unknown };
  readonly eventLoop: EventLoopMonitor;
  readonly read: MetricReads;
}

export interface GatewayMetrics {
  observe(event: GatewayEvent): void;
  /** A batch was committed, after so many ms. */
  storeWritten(durationMs: number): void;
  /** For an `Accept` header: OpenMetrics, or text 0.0.4 for those who ask for that alone. */
  render(accept?: string): Promise<Exposition>;
  /** Of exchanges that reached an upstream and ended in the last five minutes. */
  percentiles(): { readonly total: Percentiles; readonly overhead: Percentiles };
  close(): void;
}

export function gatewayMetrics(options: GatewayMetricsOptions): GatewayMetrics {
  return new Metrics(options);
}

type ExchangeEvent = GatewayEventOf<'exchange'>;

class Metrics implements GatewayMetrics {
  readonly #options: GatewayMetricsOptions;
  readonly #registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE);
  readonly #all = instruments(this.#registry);
  readonly #process: ReturnType<typeof processMetrics>;
  readonly #operations = new BoundedSeries(operationLabels, MAX_SERIES, OTHER);
  readonly #requests = new BoundedSeries(requestLabels, MAX_SERIES, OTHER);
  readonly #limits = new BoundedSeries(['tier', 'policy', 'outcome'], MAX_SERIES, OTHER);
  readonly #policies = new BoundedSeries(['policy', 'outcome'], MAX_SERIES, OTHER);
  readonly #tools = new LabelWords(MAX_TOOLS);
  readonly #names = new LabelWords(MAX_NAMES);
  /** `_OTHER` is the word of the conventions for this label. */
  readonly #errorTypes = new LabelWords(MAX_ERROR_TYPES, '_OTHER');
  /** What the counter of limits has of those that passed, by tier and id. */
  readonly #admitted = new Map<string, number>();
  readonly #totals: RecentDurations;
  readonly #overheads: RecentDurations;

  constructor(options: GatewayMetricsOptions) {
    this.#options = options;
    this.#process = processMetrics(this.#registry, options.eventLoop, options.clock.now());
    this.#totals = new RecentDurations(options.clock);
    this.#overheads = new RecentDurations(options.clock);
    this.#all.build.set({ version: options.version }, 1);
    for (const outcome of ['applied', 'rejected', 'rolled-back']) this.#all.reloads.inc({ outcome }, 0);
  }

  observe(event: GatewayEvent): void {
    switch (event.type) {
      case 'exchange':
        return this.#exchange(event);
      case 'breaker':
        return this.#breaker(event);
      case 'config':
        return this.#all.reloads.inc({ outcome: event.outcome });
      case 'child':
        return this.#all.children.inc({ upstream: this.#name(event.upstream), what: event.what });
      case 'session':
        return this.#all.sessionEvents.inc({ what: event.what });
      case 'health':
      case 'pin':
      case 'admin':
      case 'interception':
      case 'lifecycle':
        return;
    }
  }

  storeWritten(durationMs: number): void {
    this.#all.storeWrites.observe(durationMs / 1000);
  }

  async render(accept?: string): Promise<Exposition> {
    readState(this.#all, this.#options.read);
    this.#readLimits();
    this.#all.seriesOverflow.reset();
    this.#all.seriesOverflow.inc(
      this.#operations.overflowCount + this.#requests.overflowCount + this.#limits.overflowCount + this.#policies.overflowCount,
    );
    await this.#process.collect();
    return expositionFor(accept, await this.#registry.metrics());
  }

  percentiles(): { readonly total: Percentiles; readonly overhead: Percentiles } {
    return { total: this.#totals.percentiles(), overhead: this.#overheads.percentiles() };
  }

  close(): void {
    this.#process.close();
  }

  /** A limit that lets a request pass is no decision of its exchange: with five of them each would carry five more. */
  #readLimits(): void {
    for (const { tier, id, admittedCount } of this.#options.read.limits()) {
      const key = `${tier} ${id}`;
      const since = admittedCount - (this.#admitted.get(key) ?? 0);
      if (since <= 0) continue;
      this.#admitted.set(key, admittedCount);
      this.#all.limits.inc(this.#limits.labels(tier, this.#name(id), 'allowed'), since);
    }
  }

  #exchange(event: ExchangeEvent): void {
    const { method, durationMs, overheadMs, upstreamMs, at } = event;
    const route = this.#name(event.route);
    const reason = event.code ?? (event.outcome === 'answered' ? 'ok' : event.outcome);
    this.#all.requests.inc(this.#requests.labels(route, String(event.status), reason));
    this.#all.requestBytes.inc({ route }, event.requestBytes);
    this.#all.responseBytes.inc({ route }, event.responseBytes);
    this.#all.overhead.observe({ route }, overheadMs / 1000);
    if (method !== undefined) {
      const labels = this.#operations.labels(
        methodWord(method),
        method === 'tools/call' ? this.#tool(event) : '',
        this.#errorType(event),
        event.transport === 'stdio' ? 'pipe' : 'tcp',
        this.#name(event.upstream),
      );
      this.#all.serverOperations.observe(labels, durationMs / 1000);
      if (upstreamMs !== undefined) this.#all.clientOperations.observe(labels, upstreamMs / 1000);
    }
    if (upstreamMs !== undefined && method !== undefined) {
      this.#totals.note(durationMs, at);
      this.#overheads.note(overheadMs, at);
    }
    for (const decision of event.decisions) this.#decision(decision, event);
  }

  #decision(decision: Decision, event: ExchangeEvent): void {
    const outcome = decision.kind === 'passed' ? 'allowed' : decision.kind;
    switch (decision.stage) {
      case 'authenticate':
        return this.#all.auth.inc({ listener: this.#name(event.listener), outcome });
      case 'limit-ip':
      case 'limit-rate':
        return this.#all.limits.inc(this.#limits.labels(decision.tier ?? OTHER, this.#name(decision.id), outcome));
      case 'apply-policy':
        this.#all.policies.inc(this.#policies.labels(this.#name(decision.id ?? 'default'), outcome));
        if (decision.evaluationUs !== undefined) this.#all.policySeconds.observe(decision.evaluationUs / 1e6);
        return;
    }
  }

  #breaker({ upstream, instance, from, to, tool }: GatewayEventOf<'breaker'>): void {
    // Breakers of single tools are told by the audit and the log: they would multiply the series.
    if (tool === undefined) this.#all.transitions.inc({ upstream: this.#name(upstream), instance: this.#name(instance), from, to });
  }

  #tool({ upstream = '', target }: ExchangeEvent): string {
    if (target === undefined || this.#options.catalogue.meta(upstream, target) === undefined) return OTHER;
    return this.#tools.word(target);
  }

  /** As the conventions want it: `tool_error`, the JSON-RPC code of the answer, else a word for why there was none. */
  #errorType({ errorType, code, outcome }: ExchangeEvent): string {
    if (errorType === 'tool') return 'tool_error';
    if (errorType !== undefined) return this.#errorTypes.word(errorType);
    if (code !== undefined) return Object.hasOwn(errorTable, code) ? String(errorTable[code as ErrorCode].rpcCode) : '_OTHER';
    return outcome === 'answered' ? '' : outcome;
  }

  #name(name: string | undefined): string {
    return name === undefined ? OTHER : this.#names.word(name);
  }
}
