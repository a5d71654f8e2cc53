/**
 * An upstream of a gateway: several instances behind one name, with balancing, affinity, breakers, health, a bulkhead and
 * time-outs. What it knows about instances survives a change of the configuration, as far as they are still the same.
 */
import type { InstanceConfig, UpstreamConfig } from '../../../shared/config/schema.ts';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { EmitEvent } from '../../../shared/model/gateway-event.ts';
import type { UpstreamState } from '../../../shared/model/gateway-state.ts';
import type { UpstreamCredentials } from '../../pipeline/credentials.ts';
import type { BoundSession } from '../../pipeline/guard.ts';
import type { Exchange, Upstream } from '../../pipeline/stage.ts';
import type { Clock, Logger } from '../../ports.ts';
import type { ConnectInstance } from '../instance-connection.ts';
import { Balancer } from './balancer.ts';
import { Bulkhead } from './bulkhead.ts';
import { Call } from './call.ts';
import { limitsFor } from './call-traits.ts';
import { ClientWaits } from './client-waits.ts';
import { Deadlines } from './deadlines.ts';
import { Instance } from './instance.ts';
import { KeepAlives } from './keep-alive.ts';
import { openLine, lineIdentity, serverIdentity, type Line } from './line.ts';
import { OwnRequests } from './own-requests.ts';
import type { Changing, Parts } from './parts.ts';
import { sessionKey } from './session-key.ts';
import { Watchman } from './watchman.ts';

const END_SESSION_MS = 2000;

/** What belongs to a configuration but is made elsewhere. */
export interface UpstreamMaterial {
  readonly credentials?: UpstreamCredentials;
  /** Of an `affinity` that is an expression. */
  readonly affinityKey?: (exchange: Exchange) => string | undefined;
  /** Headers that carry an API key at some listener, in lower case; they never leave. `x-api-key` never does. */
  readonly keyHeaders?: readonly string[];
}

export interface GuardedUpstreamOptions extends UpstreamMaterial {
  readonly name: string;
  readonly config: UpstreamConfig;
  readonly connect: ConnectInstance;
  readonly clock: Clock;
  readonly log: Logger;
  readonly emit: EmitEvent;
  /** 0 … 1, as `Math.random`. */
  readonly random: () => number;
}

/** What goes with another configuration, all of it: credentials that are not named are not used any more. */
export interface UpstreamChange extends UpstreamMaterial {
  /** Secrets that connections are made of (certificates, environments) changed, although the configuration names the same. */
  readonly isReconnected?: boolean;
}

/** Connections are made; exactly one of both is to be called, before the upstream changes again. */
export interface PreparedUpdate {
  apply(): void;
  discard(): void;
}

export interface GuardedUpstream extends Upstream {
  state(): UpstreamState;
  /**
   * Takes over a configuration at once. Throws what `connect` throws, and then nothing has changed. Without `change`,
   * credentials, affinity and key headers stay as they are.
   */
  update(config: UpstreamConfig, change?: UpstreamChange): void;
  /** The same in two steps, for when several upstreams change together or not at all: only this one throws. */
  prepare(config: UpstreamConfig, change?: UpstreamChange): PreparedUpdate;
  /** Opens the breaker of an instance. These three answer false where there is no such instance. */
  trip(instanceId: string, reason: string): boolean;
  /** Closes its breakers and takes back pauses and ejections. */
  reset(instanceId: string): boolean;
  /** Keeps every request from it, sessions included, until it is taken back. */
  isolate(instanceId: string, isIsolated: boolean): boolean;
  /** Tells the instance of a legacy session that nobody will come for it any more. Best effort; a process of its own ends with it. */
  endSession(session: BoundSession): void;
}

/** Connects nothing before the first request, except for health checks. Throws what `connect` throws. */
export function guardedUpstream(options: GuardedUpstreamOptions): GuardedUpstream {
  return new Guarded(options);
}

class Guarded implements GuardedUpstream {
  readonly name: string;
  readonly #options: GuardedUpstreamOptions;
  readonly #parts: Parts;
  readonly #watchman: Watchman;
  #config: UpstreamConfig;

  constructor(options: GuardedUpstreamOptions) {
    const { name, config, clock, log, random } = options;
    this.name = name;
    this.#options = options;
    this.#config = config;
    const now: Changing = { ...changing(config, options), retryCount: 0, isClosed: false };
    this.#parts = {
      name,
      clock,
      log,
      balancer: new Balancer(name, config.balance, random),
      bulkhead: new Bulkhead(name, config.bulkhead, clock),
      deadlines: new Deadlines(clock),
      waits: new ClientWaits(),
      keepAlives: new KeepAlives(clock),
      own: new OwnRequests(this, clock, () => now.credentials),
      now,
    };
    const lines = this.#connectAll(config.instances, config);
    this.#parts.balancer.configure(
      config.balance,
      config.instances.map((instance, at) => this.#newInstance(instance, config, lines[at] as Line)),
    );
    this.#watchman = new Watchman(this.#parts, config);
  }

  async send(exchange: Exchange) {
    const { guard } = exchange;
    if (guard === undefined) throw new Error('A guarded upstream was asked on a route without a guard');
    if (this.#parts.now.isClosed) throw stopping(this.name);
    return new Call(this.#parts, exchange, guard).send();
  }

  state(): UpstreamState {
    const { name, balancer, bulkhead, now } = this.#parts;
    return {
      name,
      balance: this.#config.balance,
      instances: balancer.instances.map(({ state }) => state),
      queued: bulkhead.queuedCount,
      maxConcurrent: bulkhead.config.maxConcurrent,
      maxQueue: bulkhead.config.maxQueue,
      rejectedCount: bulkhead.rejectedCount + balancer.rejectedCount,
      retryCount: now.retryCount,
    };
  }

  update(config: UpstreamConfig, change?: UpstreamChange): void {
    this.prepare(config, change).apply();
  }

  prepare(config: UpstreamConfig, change?: UpstreamChange): PreparedUpdate {
    const { balancer } = this.#parts;
    const wanted = config.instances.filter(instance => {
      const line = balancer.find(instance.id)?.line;
      return line === undefined || change?.isReconnected === true || line.identity !== lineIdentity(instance, config);
    });
    const lines = new Map(this.#connectAll(wanted, config).map((line, at) => [(wanted[at] as InstanceConfig).id, line]));
    let isOver = false;
    return {
      apply: () => {
        if (isOver) return;
        isOver = true;
        this.#apply(config, change, lines);
      },
      discard: () => {
        if (isOver) return;
        isOver = true;
        for (const line of lines.values()) this.#watchman.retire(line);
      },
    };
  }

  trip(instanceId: string, reason: string): boolean {
    return this.#withInstance(instanceId, instance => instance.breaker.trip(reason));
  }

  reset(instanceId: string): boolean {
    return this.#withInstance(instanceId, instance => instance.reset('reset by the operator'));
  }

  isolate(instanceId: string, isIsolated: boolean): boolean {
    const reason = isIsolated ? 'isolated by the operator' : 'taken back by the operator';
    return this.#withInstance(instanceId, instance => instance.breaker.isolate(isIsolated, reason));
  }

  endSession(session: BoundSession): void {
    const { balancer, own } = this.#parts;
    const line = balancer.find(session.instanceId)?.line;
    if (line === undefined || session.upstreamSessionId === '') return;
    const { protocolVersion } = session;
    const headers = protocolVersion === '' ? [] : ['MCP-Protocol-Version', protocolVersion];
    own.ask(line, { httpMethod: 'DELETE', era: 'legacy', headers, session }, END_SESSION_MS).catch(() => undefined);
  }

  async close(): Promise<void> {
    const { now, bulkhead, balancer } = this.#parts;
    now.isClosed = true;
    bulkhead.close(stopping(this.name));
    await Promise.all([this.#watchman.close(), ...balancer.instances.map(({ line }) => line.connection.close())]);
  }

  #apply(config: UpstreamConfig, change: UpstreamChange | undefined, lines: ReadonlyMap<string, Line>): void {
    const { balancer, bulkhead, now } = this.#parts;
    const before = balancer.instances.map(({ line }) => line);
    const after = config.instances.map(instance => {
      const known = balancer.find(instance.id);
      const line = lines.get(instance.id);
      if (known === undefined || serverIdentity(known.config) !== serverIdentity(instance))
        return this.#newInstance(instance, config, line as Line);
      known.configure(instance, config);
      if (line !== undefined) known.line = line;
      return known;
    });
    balancer.configure(config.balance, after);
    bulkhead.configure(config.bulkhead);
    Object.assign(now, changing(config, change ?? withoutConfig(now)));
    this.#config = config;
    this.#watchman.configure(config);
    const used = new Set(after.map(({ line }) => line));
    for (const line of before) if (!used.has(line)) this.#watchman.retire(line);
  }

  #withInstance(id: string, act: (instance: Instance) => void): boolean {
    const instance = this.#parts.balancer.find(id);
    if (instance !== undefined) act(instance);
    return instance !== undefined;
  }

  #newInstance(instance: InstanceConfig, config: UpstreamConfig, line: Line): Instance {
    const { name, clock, random, emit } = this.#options;
    return new Instance(instance, config, line, { upstream: name, clock, random, emit });
  }

  /** All or none. */
  #connectAll(instances: readonly InstanceConfig[], config: UpstreamConfig): Line[] {
    const lines: Line[] = [];
    try {
      for (const instance of instances) lines.push(openLine(this.#options.connect(instance, config), instance, config));
      return lines;
    } catch (error) {
      for (const { connection } of lines) void connection.close().catch(() => undefined);
      throw error;
    }
  }
}

function changing(
  config: UpstreamConfig,
  { credentials, affinityKey, keyHeaders = [] }: UpstreamMaterial,
): Omit<Changing, 'retryCount' | 'isClosed'> {
  const { affinity } = config;
  return {
    limitsFor: limitsFor(config.timeouts),
    credentials,
    affinityKey: affinity === 'none' ? () => undefined : affinity === 'session' ? sessionKey : (affinityKey ?? (() => undefined)),
    keyHeaders: new Set(keyHeaders.map(name => name.toLowerCase())),
  };
}

/** What stays in force where a change does not say otherwise. */
function withoutConfig({ credentials, affinityKey, keyHeaders }: Changing): UpstreamMaterial {
  return { ...(credentials === undefined ? {} : { credentials }), affinityKey, keyHeaders: [...keyHeaders] };
}

function stopping(name: string): TrafficError {
  return new TrafficError('SHUTTING_DOWN', `The gateway does not use ${name} any more.`, {
    facts: { upstream: name, may_have_executed: false },
  });
}
