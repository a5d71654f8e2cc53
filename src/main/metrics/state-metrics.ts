/** The metrics that are states: read from those who hold them, each time somebody asks. */
import { BreakerWord } from '../../shared/model/gateway-event.ts';
import type { InstanceState, UpstreamState } from '../../shared/model/gateway-state.ts';
import type { RecordingState } from '../../shared/model/host.ts';
import type { Instruments } from './instruments.ts';

/** What is looked at when somebody asks. */
export interface MetricReads {
  upstreams(): readonly UpstreamState[];
  /** Live sessions. */
  sessions(): number;
  /** Requests that are not over (streams among them), and open streams. */
  live(): { readonly pendingCount: number; readonly streamCount: number };
  recorder(): Pick<RecordingState, 'droppedBodyCount' | 'unrecordedFrameCount'>;
  /** What limits let through since the start; never less than before. */
  limits(): readonly { readonly id: string; readonly tier: string; readonly admittedCount: number }[];
  /** What became of what servers asked, since the start; never less than before. */
  questions(): readonly { readonly upstream: string; readonly outcome: string; readonly count: number }[];
  audit(): { readonly rowCount: number; readonly droppedCount: number };
}

/** Whole states replace what was there: an upstream that left the configuration leaves the metrics too. */
export function readState(all: Instruments, read: MetricReads): void {
  const { pendingCount, streamCount } = read.live();
  all.inflight.set(Math.max(0, pendingCount - streamCount));
  all.streams.set(streamCount);
  all.sessions.set(read.sessions());
  const { droppedBodyCount, unrecordedFrameCount } = read.recorder();
  all.recorderDropped.reset();
  all.recorderDropped.inc({ what: 'body' }, droppedBodyCount);
  all.recorderDropped.inc({ what: 'frame' }, unrecordedFrameCount);
  const { rowCount, droppedCount } = read.audit();
  all.auditRows.reset();
  all.auditRows.inc(rowCount);
  all.auditDropped.reset();
  all.auditDropped.inc(droppedCount);
  all.questions.reset();
  for (const { upstream, outcome, count } of read.questions()) all.questions.inc({ upstream, outcome }, count);
  for (const metric of [
    all.circuitState,
    all.circuitRejected,
    all.healthy,
    all.upstreamInflight,
    all.upstreamQueued,
    all.connections,
    all.childProcesses,
    all.retries,
  ])
    metric.reset();
  for (const upstream of read.upstreams()) readUpstream(all, upstream);
}

function readUpstream(all: Instruments, { name, instances, queued, rejectedCount, retryCount }: UpstreamState): void {
  const upstream = name;
  all.upstreamQueued.set({ upstream }, queued);
  all.circuitRejected.inc({ upstream }, rejectedCount);
  all.retries.inc({ upstream }, retryCount);
  for (const instance of instances) readInstance(all, upstream, instance);
}

function readInstance(all: Instruments, upstream: string, state: InstanceState): void {
  const labels = { upstream, instance: state.id };
  for (const word of BreakerWord.options) all.circuitState.set({ ...labels, state: word }, state.breaker.word === word ? 1 : 0);
  all.healthy.set(labels, state.isHealthy && !state.isDisabled ? 1 : 0);
  all.upstreamInflight.set(labels, state.inFlight);
  all.connections.set({ ...labels, state: 'open' }, state.connections.open);
  all.connections.set({ ...labels, state: 'idle' }, state.connections.idle);
  if (state.transport === 'stdio') all.childProcesses.set(labels, state.childCount);
}
