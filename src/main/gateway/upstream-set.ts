/** The upstreams of a gateway by name. A reload changes, adds and removes; what did not change goes on with its children, breakers and counters. */
import type { UpstreamConfig } from '../../shared/config/schema.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { EmitEvent } from '../../shared/model/gateway-event.ts';
import type { UpstreamState } from '../../shared/model/gateway-state.ts';
import type { BoundSession } from '../pipeline/guard.ts';
import type { Clock, Logger } from '../ports.ts';
import {
  type GuardedUpstream,
  guardedUpstream,
  type PreparedUpdate,
  type UpstreamMaterial,
} from '../upstreams/balanced/guarded-upstream.ts';
import type { ConnectInstance } from '../upstreams/instance-connection.ts';

/** Calls under way at an upstream that was taken out of the configuration have this long, ms. */
const REMOVED_GRACE_MS = 25_000;
/** How often it is looked at whether they are over. */
const LOOK_MS = 250;

export interface UpstreamSetDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly emit: EmitEvent;
  readonly connect: (upstream: string) => ConnectInstance;
}

/** What goes with the configuration of one upstream. */
export interface UpstreamOutfit {
  readonly material: UpstreamMaterial;
  /** Secrets that its connections are made of are others than before. */
  readonly isReconnected: boolean;
}

export class UpstreamSet {
  readonly #deps: UpstreamSetDeps;
  readonly #byName = new Map<string, GuardedUpstream>();
  readonly #leaving = new Map<GuardedUpstream, NodeJS.Timeout>();

  constructor(deps: UpstreamSetDeps) {
    this.#deps = deps;
  }

  /** NOT_FOUND for a name that the configuration does not have; routes are checked against the upstreams before. */
  named(name: string): GuardedUpstream {
    const found = this.#byName.get(name);
    if (found === undefined) throw new TrafficError('NOT_FOUND', `There is no upstream ${name}.`);
    return found;
  }

  /** One that was taken out meanwhile ends its sessions itself. */
  endSession(name: string, session: BoundSession): void {
    this.#byName.get(name)?.endSession(session);
  }

  /** Throws what a connection throws that cannot be made, and then nothing has changed. */
  apply(configs: Readonly<Record<string, UpstreamConfig>>, outfitOf: (name: string) => UpstreamOutfit): void {
    const added = new Map<string, GuardedUpstream>();
    const changes: PreparedUpdate[] = [];
    try {
      for (const [name, config] of Object.entries(configs)) {
        const { material, isReconnected } = outfitOf(name);
        const known = this.#byName.get(name);
        if (known === undefined) added.set(name, this.#open(name, config, material));
        else changes.push(known.prepare(config, { ...material, isReconnected }));
      }
    } catch (error) {
      for (const upstream of added.values()) void upstream.close();
      for (const change of changes) change.discard();
      throw error;
    }
    for (const change of changes) change.apply();
    for (const [name, upstream] of added) this.#byName.set(name, upstream);
    for (const [name, upstream] of this.#byName) {
      if (Object.hasOwn(configs, name)) continue;
      this.#byName.delete(name);
      this.#letGo(upstream);
    }
  }

  states(): UpstreamState[] {
    return [...this.#byName.values()].map(upstream => upstream.state());
  }

  async close(): Promise<void> {
    const all = [...this.#byName.values(), ...this.#leaving.keys()];
    for (const timer of this.#leaving.values()) clearInterval(timer);
    this.#byName.clear();
    this.#leaving.clear();
    await Promise.all(all.map(upstream => upstream.close()));
  }

  #open(name: string, config: UpstreamConfig, material: UpstreamMaterial): GuardedUpstream {
    const { clock, log, random, emit, connect } = this.#deps;
    return guardedUpstream({ name, config, connect: connect(name), clock, log, emit, random, ...material });
  }

  /** Nobody finds it any more: it is closed, with its children, as soon as what is under way is over. */
  #letGo(upstream: GuardedUpstream): void {
    const { clock } = this.#deps;
    const untilUs = clock.monotonicUs() + REMOVED_GRACE_MS * 1000;
    const timer = setInterval(() => {
      if (isBusy(upstream.state()) && clock.monotonicUs() < untilUs) return;
      clearInterval(timer);
      this.#leaving.delete(upstream);
      void upstream.close();
    }, LOOK_MS).unref();
    this.#leaving.set(upstream, timer);
  }
}

function isBusy({ queued, instances }: UpstreamState): boolean {
  return queued > 0 || instances.some(({ inFlight, openStreams }) => inFlight + openStreams > 0);
}
