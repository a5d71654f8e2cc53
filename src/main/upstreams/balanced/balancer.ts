/** Chooses the instance for a request: its session's own, the one its key belongs to, or whose turn it is. */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Guard } from '../../pipeline/guard.ts';
import type { Block, Instance } from './instance.ts';
import { type Balance, type Pick, picker } from './pick.ts';
import { rendezvous } from './rendezvous.ts';

/** What is told where nobody knows when an instance will be there again. */
const UNKNOWN_WAIT_MS = 30_000;

/** Why nobody is there, for who asked. */
const inWords: Readonly<Record<Block['state'], string>> = {
  disabled: 'it is switched off in the configuration',
  drained: 'it is given no calls by the configuration',
  isolated: 'its operator keeps calls from it',
  open: 'it failed too often and is left alone for a while',
  'half-open': 'it failed too often and is being tried again',
  unhealthy: 'its health check fails',
  ejected: 'it failed more than others and is left alone for a while',
  paused: 'it asked to be left alone for a while',
};

export interface Wanted {
  readonly guard: Guard;
  readonly tool: string | undefined;
  /** Requests with the same key go to the same instance. */
  readonly affinityKey: string | undefined;
}

export class Balancer {
  readonly #upstream: string;
  readonly #random: () => number;
  #balance: Balance;
  #pick: Pick;
  #instances: readonly Instance[] = [];
  #byId = new Map<string, Instance>();
  #rejectedCount = 0;

  constructor(upstream: string, balance: Balance, random: () => number) {
    this.#upstream = upstream;
    this.#balance = balance;
    this.#random = random;
    this.#pick = picker(balance, random);
  }

  configure(balance: Balance, instances: readonly Instance[]): void {
    this.#instances = instances;
    this.#byId = new Map(instances.map(instance => [instance.id, instance]));
    if (balance === this.#balance) return;
    this.#balance = balance;
    this.#pick = picker(balance, this.#random);
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  /** Calls that found no instance to take them. */
  get rejectedCount(): number {
    return this.#rejectedCount;
  }

  find(id: string): Instance | undefined {
    return this.#byId.get(id);
  }

  /** Throws SESSION_LOST when the session's instance is gone, UNAVAILABLE when there is none to use now. */
  choose(wanted: Wanted): Instance {
    const { guard, tool, affinityKey } = wanted;
    const instanceId = guard.era === 'legacy' ? (guard.session?.instanceId ?? '') : '';
    if (instanceId !== '') return this.#pinned(instanceId, tool, guard.journey.tried);
    const usable = this.#usable(tool, guard.journey.tried);
    if (usable.length === 0) throw this.#nobody(tool);
    return affinityKey === undefined ? this.#pick(usable) : rendezvous(affinityKey, usable);
  }

  #pinned(id: string, tool: string | undefined, tried: readonly string[]): Instance {
    const instance = this.#byId.get(id);
    if (instance === undefined || instance.config.disabled) throw this.#lost();
    const block = instance.blockOf(tool, true);
    // Nobody listens there: whatever starts at that address next does not know the session.
    if (block === undefined && instance.isGone && tried.includes(id)) throw this.#lost();
    if (block === undefined) return instance;
    if (instance.isGone && block.state !== 'isolated') throw this.#lost();
    throw this.#unavailable(block);
  }

  /** Those that may be used now; those that were tried only where there are no others. */
  #usable(tool: string | undefined, tried: readonly string[]): Instance[] {
    const usable = this.#instances.filter(instance => instance.blockOf(tool, false) === undefined);
    if (tried.length === 0) return usable;
    const untried = usable.filter(({ id }) => !tried.includes(id));
    return untried.length > 0 ? untried : usable;
  }

  #nobody(tool: string | undefined): TrafficError {
    let soonest: Block = { state: 'disabled', waitMs: Infinity };
    for (const instance of this.#instances) {
      const block = instance.blockOf(tool, false);
      if (block !== undefined && (block.waitMs < soonest.waitMs || soonest.waitMs === Infinity)) soonest = block;
    }
    return this.#unavailable(soonest);
  }

  #unavailable({ state, waitMs }: Block): TrafficError {
    this.#rejectedCount += 1;
    const retryAfterMs = waitMs === Infinity ? UNKNOWN_WAIT_MS : Math.max(1, Math.ceil(waitMs));
    return new TrafficError('UNAVAILABLE', `No instance of ${this.#upstream} can take a call now: ${inWords[state]}.`, {
      facts: { upstream: this.#upstream, state, retry_after_ms: retryAfterMs, may_have_executed: false },
    });
  }

  #lost(): TrafficError {
    return new TrafficError('SESSION_LOST', `The instance of ${this.#upstream} that had this session is gone.`, {
      facts: { upstream: this.#upstream, may_have_executed: false },
    });
  }
}
