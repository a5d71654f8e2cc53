/** The open listeners of a gateway. A change of the configuration swaps what they serve; only a change of address closes one. */
import type { ListenerConfig } from '../../shared/config/schema.ts';
import { type HttpDoor, openHttpDoor } from '../listeners/http-door.ts';
import type { TlsMaterial } from '../listeners/tls-material.ts';
import type { Clock, Ids, Logger } from '../ports.ts';
import type { ListenerServing } from './serving.ts';

/** Connections of a listener that was taken out of the configuration get this long for their calls, ms. */
const REMOVED_GRACE_MS = 25_000;

/** For a whole request, head and body: 16 MiB within it is a slow mobile line, and who dribbles keeps a connection no longer, ms. */
const REQUEST_TIMEOUT_MS = 120_000;

interface OpenDoor {
  readonly config: ListenerConfig;
  readonly door: HttpDoor;
  readonly serving: ListenerServing;
}

/** What is about to be in force: doors that stay and doors that were just opened for it. */
export interface PreparedDoors {
  readonly next: ReadonlyMap<string, OpenDoor>;
  /** The opened ones are closed again. */
  discard(): Promise<void>;
}

export interface DoorSetDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
}

export class DoorSet {
  readonly #deps: DoorSetDeps;
  #open: ReadonlyMap<string, OpenDoor> = new Map();
  /** Taken out of the configuration, and still with calls to end. */
  readonly #leaving = new Set<HttpDoor>();

  constructor(deps: DoorSetDeps) {
    this.#deps = deps;
  }

  /**
   * Opens what is new, before anything of the old is touched. Rejects with the error of `listen` (its listener in the
   * message) after closing again what it had opened. `servingFor` is asked once per listener.
   */
  async prepare(
    configs: readonly ListenerConfig[],
    tls: ReadonlyMap<string, TlsMaterial>,
    servingFor: (config: ListenerConfig) => ListenerServing,
  ): Promise<PreparedDoors> {
    const next = new Map<string, OpenDoor>();
    const opened: HttpDoor[] = [];
    const discard = async () => {
      await Promise.all(opened.map(door => door.close({ graceMs: 0 })));
    };
    for (const config of configs) {
      const serving = servingFor(config);
      const kept = this.#open.get(config.name);
      if (kept !== undefined && isSameAddress(kept.config, config)) {
        next.set(config.name, { config, door: kept.door, serving });
        continue;
      }
      if (kept !== undefined && isSamePort(kept.config, config)) {
        await discard();
        throw new Error(
          `Whether the listener ${config.name} speaks TLS and asks for client certificates cannot change while it has its port: ` +
            'give it another one, or start the gateway anew.',
        );
      }
      const material = tls.get(config.name);
      try {
        const door = await openHttpDoor({
          host: config.host,
          port: config.port,
          isPortFixed: true,
          requestTimeoutMs: REQUEST_TIMEOUT_MS,
          // Until everything is in force, a request that comes this early is asked to come again.
          serving: { ...serving.serving, isDraining: () => true },
          ...(material === undefined ? {} : { tls: material }),
          ...this.#deps,
        });
        opened.push(door);
        next.set(config.name, { config, door, serving });
      } catch (error) {
        await discard();
        throw error;
      }
    }
    return { next, discard };
  }

  /** Swaps. Throws nothing: certificates were read when they were prepared. */
  apply(prepared: PreparedDoors, tls: ReadonlyMap<string, TlsMaterial>): void {
    const before = this.#open;
    this.#open = prepared.next;
    for (const { config, door, serving } of prepared.next.values()) {
      door.serve(serving.serving);
      const material = tls.get(config.name);
      if (material !== undefined && before.get(config.name)?.door === door) door.renewTls(material);
    }
    for (const [name, { door, serving }] of before) {
      if (prepared.next.get(name)?.door === door) continue;
      this.#leaving.add(door);
      void door.close({ graceMs: REMOVED_GRACE_MS }).then(() => {
        this.#leaving.delete(door);
        if (!this.#open.has(name)) serving.close('its listener was taken out of the configuration');
      });
    }
  }

  /** Address to dial and configuration of each. */
  *listening(): IterableIterator<{ readonly config: ListenerConfig; readonly origin: string }> {
    for (const { config, door } of this.#open.values()) yield { config, origin: door.origin };
  }

  stopAccepting(): void {
    for (const { door } of this.#open.values()) door.stopAccepting();
  }

  async close(graceMs: number): Promise<void> {
    const open = [...this.#open.values()];
    this.#open = new Map();
    await Promise.all([...open.map(({ door }) => door), ...this.#leaving].map(door => door.close({ graceMs })));
    for (const { serving } of open) serving.close('the gateway stopped');
  }
}

/** It is taken by ourselves; with port 0 there is always another one. */
function isSamePort(one: ListenerConfig, other: ListenerConfig): boolean {
  return other.port !== 0 && one.port === other.port && one.host === other.host;
}

/** Port 0 means any, so it is the same as whatever it got. */
function isSameAddress(one: ListenerConfig, other: ListenerConfig): boolean {
  return (
    one.host === other.host &&
    one.port === other.port &&
    (one.tls === undefined) === (other.tls === undefined) &&
    one.tls?.clientCertificates === other.tls?.clientCertificates
  );
}
