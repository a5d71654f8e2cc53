/** Whether the gateway should get traffic, and how each thing it depends on is. */
import { statfs } from 'node:fs/promises';
import type { GatewayCondition, InstanceState, UpstreamState } from '../../shared/model/gateway-state.ts';
import type { StoreStats } from '../../shared/model/timeline.ts';
import type { AuditState } from '../audit/audit-trail.ts';
import type { EventLoopDelays } from '../metrics/event-loop-delay.ts';
import type { Clock } from '../ports.ts';

/** A store that is busy with a long step is not one that failed. */
const STORE_WAIT_MS = 1_000;
const STORE_TRUST_MS = 30_000;
/** Below this the disk is named as a trouble to come. */
const LOW_DISK_BYTES = 512 * 1024 * 1024;

export interface IssuerHealth {
  readonly issuer: string;
  /** Keys that tokens can be checked with now. */
  readonly keyCount: number;
  /** Epoch ms of the newest successful fetch. */
  readonly fetchedAt?: number;
  readonly problem?: string;
}

export interface HealthReads {
  readonly clock: Clock;
  status(): GatewayCondition;
  store(): Promise<Pick<StoreStats, 'state' | 'problem' | 'sizeBytes'>>;
  /** What cannot be recorded is refused, so that a store that fails keeps traffic away; otherwise traffic passes unrecorded. */
  isRecordRequired(): boolean;
  upstreams(): readonly UpstreamState[];
  issuers(): readonly IssuerHealth[];
  audit(): AuditState;
  /** Further troubles, as sentences. */
  others(): readonly string[];
  eventLoop(): EventLoopDelays;
  /** Whose file system is looked at. */
  readonly dataDir: string;
}

export interface Readiness {
  readonly isReady: boolean;
  /** Why not. */
  readonly reasons: readonly string[];
  /** What is wrong without keeping traffic away. */
  readonly degraded: readonly string[];
}

export interface Health {
  ready(): Promise<Readiness>;
  /** Everything, for people. */
  detail(): Promise<Readiness & Readonly<Record<string, unknown>>>;
}

export function gatewayHealth(reads: HealthReads): Health {
  const store = storeWatch(reads);
  const ready = async (): Promise<Readiness> => {
    const reasons = statusProblems(reads);
    const ofStore = storeProblems(await store());
    if (reads.isRecordRequired()) reasons.push(...ofStore);
    const { unusable, count } = unusableUpstreams(reads);
    if (count > 0 && unusable.length === count) reasons.push('no upstream has a usable instance');
    const unrecorded = reads.isRecordRequired() ? [] : ofStore.map(problem => `${problem}; traffic passes unrecorded`);
    const degraded = [...unrecorded, ...unusable.map(name => `upstream ${name} has no usable instance`), ...fullInstances(reads)];
    const { configProblems } = reads.status();
    if (configProblems.length > 0) degraded.push('the newest configuration was not taken; the one before is in force');
    degraded.push(...reads.others());
    const { problem } = reads.audit();
    if (problem !== undefined) degraded.push(`the audit cannot be written: ${problem}`);
    return { isReady: reasons.length === 0, reasons, degraded };
  };
  return {
    ready,
    async detail() {
      const [readiness, storeState, disk] = await Promise.all([ready(), store(), diskRoom(reads.dataDir)]);
      const low = disk !== undefined && disk.freeBytes < LOW_DISK_BYTES ? [`the disk has only ${disk.freeBytes} bytes left`] : [];
      const { configHash, configuredAt, configProblems, listeners, isDraining } = reads.status();
      return {
        ...readiness,
        degraded: [...readiness.degraded, ...low],
        isDraining,
        config: { hash: configHash, configuredAt, problems: configProblems },
        listeners: listeners.map(({ name, url }) => ({ name, url })),
        store: storeState,
        upstreams: reads.upstreams().map(upstream => ({
          name: upstream.name,
          isUsable: upstream.instances.some(instance => isUsable(instance, reads.clock.now())),
          instances: upstream.instances.map(instanceHealth),
        })),
        issuers: reads.issuers(),
        audit: reads.audit(),
        eventLoop: reads.eventLoop(),
        disk: disk ?? { problem: 'the file system does not tell' },
      };
    },
  };
}

function statusProblems({ status }: HealthReads): string[] {
  const { isDraining, isRunning, configHash, listeners } = status();
  const problems: string[] = [];
  if (isDraining) problems.push('draining');
  if (configHash === undefined) problems.push('no configuration is in force');
  else if (!isRunning || listeners.length === 0) problems.push('no listener is open');
  return problems;
}

type StoreHealth = Pick<StoreStats, 'state' | 'problem'> & { readonly sizeBytes?: number };

function storeProblems({ state, problem }: StoreHealth): string[] {
  return state === 'ok' || state === 'set-aside' ? [] : [`the store is ${state}${problem === undefined ? '' : `: ${problem}`}`];
}

/** Asks the store, but waits no longer than a probe does: the last answer stands for a while. */
function storeWatch({ store, clock }: HealthReads): () => Promise<StoreHealth> {
  let last: { readonly at: number; readonly health: StoreHealth } | undefined;
  let asking: Promise<StoreHealth> | undefined;
  const ask = () =>
    (asking ??= store()
      .catch((error: unknown): StoreHealth => ({ state: 'failed', problem: String(error) }))
      .then(health => {
        last = { at: clock.now(), health };
        return health;
      })
      .finally(() => (asking = undefined)));
  return async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>(resolve => {
      timer = setTimeout(() => resolve(undefined), STORE_WAIT_MS).unref();
    });
    const answer = await Promise.race([ask(), late]);
    clearTimeout(timer);
    if (answer !== undefined) return answer;
    return last !== undefined && clock.now() - last.at < STORE_TRUST_MS ? last.health : { state: 'failed', problem: 'it does not answer' };
  };
}

function unusableUpstreams({ upstreams, clock }: HealthReads): { unusable: string[]; count: number } {
  const all = upstreams();
  const now = clock.now();
  const unusable = all.filter(({ instances }) => !instances.some(instance => isUsable(instance, now))).map(({ name }) => name);
  return { unusable, count: all.length };
}

/** Commands that run as often as they may: whoever needs a process of his own now waits for one that is idle, or is refused. */
function fullInstances({ upstreams }: HealthReads): string[] {
  return upstreams().flatMap(({ name, instances }) =>
    instances
      .filter(({ childCount, maxChildren = Infinity }) => childCount >= maxChildren)
      .map(({ id, maxChildren }) => `upstream ${name}: all ${maxChildren} processes that stdio.maxChildren allows for ${id} are in use`),
  );
}

/** It would get a call: a half-open breaker still probes. */
function isUsable({ isDisabled, isHealthy, breaker, ejectedUntil = 0, pausedUntil = 0 }: InstanceState, now: number): boolean {
  const lets = breaker.word === 'closed' || breaker.word === 'half-open';
  return !isDisabled && isHealthy && lets && ejectedUntil <= now && pausedUntil <= now;
}

function instanceHealth({ id, isDisabled, isHealthy, healthReason, breaker, inFlight, childCount, maxChildren }: InstanceState) {
  return { id, isDisabled, isHealthy, healthReason, breaker: breaker.word, inFlight, childCount, maxChildren };
}

async function diskRoom(dir: string): Promise<{ readonly freeBytes: number; readonly totalBytes: number } | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(dir);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return undefined;
  }
}
