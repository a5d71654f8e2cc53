/** The state of a gateway as a person reads it: what is wrong first, then routes, instances, and limits that refused. */
import type { ToolChangeData } from '../../shared/model/gateway-desk.ts';
import type { GatewayStatus, InstanceState, LimiterKey, LimitsState, UpstreamState } from '../../shared/model/gateway-state.ts';
import { isLoopbackHost } from '../support/address-ranges.ts';
import { clockTime, counted, localTime } from './formats.ts';
import { printable, table } from './screen.ts';
import { breakerText } from './upstream-breaker.ts';

export interface GatewayState {
  readonly gateway: GatewayStatus;
  readonly upstreams: readonly UpstreamState[];
  readonly limits: LimitsState;
  /** What is wrong, as sentences; empty when all is well. */
  readonly degraded: readonly string[];
}

/** Limiter keys that are shown; the JSON has more. */
const MAX_KEYS = 10;

/** `width` is that of the terminal, 0 elsewhere. */
export function statusText({ gateway, upstreams, limits, degraded }: GatewayState, now: number, width: number): string {
  const refused = limits.keys.filter(({ refusedCount }) => refusedCount > 0).slice(0, MAX_KEYS);
  const routes = gateway.listeners.flatMap(({ url, auth, routes: paths }) =>
    paths.map(({ path, upstream }) => [`${url}${path}`, upstream, auth]),
  );
  const instances = upstreams.flatMap(upstream => upstream.instances.map(instance => instanceCells(upstream.name, instance, now)));
  const parts = [
    [...sentences(gateway, limits), ...degraded.map(trouble => `! ${trouble}`)].map(line => `${printable(line)}\n`).join(''),
    routes.length === 0 ? '' : table(routeColumns, routes, width),
    instances.length === 0 ? '' : table(instanceColumns, instances, width),
    refused.length === 0 ? '' : table(limitColumns, refused.map(limitCells), width),
  ];
  return parts.filter(part => part !== '').join('\n');
}

export interface Looked {
  readonly gateway: GatewayStatus;
  readonly upstreams: readonly UpstreamState[];
  /** Tools that are not as they were pinned. */
  readonly toolChanges: readonly Pick<ToolChangeData, 'upstream' | 'isBlocked'>[];
  /** Whether the file of the configuration is there. */
  readonly hasFile: boolean;
  /** The vault's own problem. */
  readonly vault: string | undefined;
}

/** What keeps the gateway from being all that it is configured to be. */
export function troublesOf({ gateway, upstreams, toolChanges, hasFile, vault }: Looked, now: number): string[] {
  const open = gateway.listeners.filter(({ auth, url }) => auth === 'none' && !isLoopbackHost(new URL(url).hostname));
  const unusable = upstreams.filter(({ instances }) => !instances.some(instance => isUsable(instance, now)));
  return [
    ...(gateway.isDraining ? ['The gateway is stopping and takes no new sessions.'] : []),
    ...(gateway.configHash !== undefined && !gateway.isRunning ? ['No listener is open.'] : []),
    ...gateway.configProblems.map(problem => `The newest configuration was not taken: ${problem}`),
    ...(gateway.configHash !== undefined && !hasFile
      ? [`${gateway.configPath ?? 'The configuration'} is gone; what it said is in force until the host ends.`]
      : []),
    ...open.map(({ name, url }) => `The listener ${name} has no auth: everybody who reaches ${new URL(url).host} may use it.`),
    ...unusable.map(({ name }) => `The upstream ${name} has no usable instance.`),
    ...heldTools(toolChanges),
    ...(vault === undefined ? [] : [vault]),
  ];
}

/** One sentence for each upstream: its clients miss these tools until somebody looks. */
function heldTools(changes: Looked['toolChanges']): string[] {
  const held = changes.filter(({ isBlocked }) => isBlocked).map(({ upstream }) => upstream);
  return [...new Set(held)].map(upstream => {
    const count = held.filter(name => name === upstream).length;
    return `${counted(count, 'tool')} of ${upstream} changed and ${count === 1 ? 'is' : 'are'} held: shadowcat pin list --diff.`;
  });
}

function sentences(gateway: GatewayStatus, { keyCount, refusedCount, shadowCount }: LimitsState): string[] {
  const { configPath, configHash, configuredAt = 0, policyMode, adminUrl, sessionCount, counters, durations } = gateway;
  if (configHash === undefined) return ['No configuration is in force. Load one with "shadowcat gateway --config FILE".'];
  const { requests, refused, failed, inFlight, openStreams } = counters;
  const shadow = shadowCount === 0 ? '' : `, ${shadowCount} would have been`;
  return [
    `${configPath ?? 'A configuration'} ${configHash.slice(0, 12)} is in force since ${localTime(configuredAt)}; policy mode ${policyMode}.`,
    `${counted(sessionCount, 'session')}, ${counted(openStreams, 'open stream')}; ${counted(requests, 'request')}: ${inFlight} in flight, ${refused} refused, ${failed} failed.`,
    ...durationSentences(durations),
    `${counted(keyCount, 'limiter key')} in use, ${refusedCount} refused by limits${shadow}.`,
    ...(adminUrl === undefined ? [] : [`Health and metrics: ${adminUrl}/health`]),
  ];
}

/** Nothing to say before something was answered. */
function durationSentences({ total, overhead }: GatewayStatus['durations']): string[] {
  const { count, p50Ms, p95Ms, p99Ms } = total;
  if (p50Ms === undefined || p95Ms === undefined || p99Ms === undefined) return [];
  const own = overhead.p50Ms === undefined ? '' : `, of which ${shortMs(overhead.p50Ms)} (p50) are the gateway's own`;
  return [`The last ${counted(count, 'answer')} took ${shortMs(p50Ms)} (p50), ${shortMs(p95Ms)} (p95), ${shortMs(p99Ms)} (p99)${own}.`];
}

const shortMs = (ms: number) => `${ms < 10 ? ms.toFixed(2) : String(Math.round(ms))} ms`;

const routeColumns = [{ title: 'ROUTE' }, { title: 'UPSTREAM' }, { title: 'AUTH' }] as const;

const instanceColumns = [
  { title: 'UPSTREAM' },
  { title: 'INSTANCE' },
  { title: 'HEALTH' },
  { title: 'BREAKER' },
  { title: 'IN FLIGHT', align: 'right' },
  { title: 'CALLS', align: 'right' },
  { title: 'FAILED', align: 'right' },
  { title: 'ADDRESS' },
] as const;

function instanceCells(upstream: string, instance: InstanceState, now: number): string[] {
  const { id, inFlight, callCount, failureCount, address, tools } = instance;
  const open = tools.map(({ tool, breaker }) => `${tool} ${breakerText({ breaker })}`);
  return [
    upstream,
    id,
    healthText(instance, now),
    [breakerText(instance), ...open].join('; '),
    String(inFlight),
    String(callCount),
    String(failureCount),
    address,
  ];
}

function healthText({ isDisabled, isHealthy, healthReason, ejectedUntil = 0, pausedUntil = 0 }: InstanceState, now: number): string {
  if (isDisabled) return 'disabled';
  if (!isHealthy) return `unhealthy: ${healthReason}`;
  if (ejectedUntil > now) return `ejected until ${clockTime(ejectedUntil)}`;
  return pausedUntil > now ? `paused until ${clockTime(pausedUntil)}` : 'healthy';
}

function isUsable({ isDisabled, isHealthy, breaker, ejectedUntil = 0, pausedUntil = 0 }: InstanceState, now: number): boolean {
  const isKeptOut = ejectedUntil > now || pausedUntil > now;
  return !isDisabled && isHealthy && !isKeptOut && (breaker.word === 'closed' || breaker.word === 'half-open');
}

const limitColumns = [
  { title: 'LIMIT' },
  { title: 'TIER' },
  { title: 'KEY' },
  { title: 'LEFT', align: 'right' },
  { title: 'REFUSED', align: 'right' },
  { title: 'LAST' },
] as const;

/** In shadow mode nothing was really refused. */
function limitCells({ limitId, tier, key, mode, remaining, capacity, refusedCount, lastRefusedAt }: LimiterKey): string[] {
  const left = `${Math.floor(remaining)}/${capacity}`;
  const refused = mode === 'shadow' ? `${refusedCount} (shadow)` : String(refusedCount);
  return [limitId, tier, key, left, refused, lastRefusedAt === undefined ? '' : localTime(lastRefusedAt)];
}
