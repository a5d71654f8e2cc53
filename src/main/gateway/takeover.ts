/** Takes a configuration into force: everything is prepared first, and then swapped in one go. */
import type { Config, ListenerConfig } from '../../shared/config/schema.ts';
import { sessionKeys } from '../secrets/session-keys.ts';
import { sessionSeal } from '../secrets/session-seal.ts';
import { pathText } from '../settings/config-problem.ts';
import type { AdminDoor } from './admin-door.ts';
import type { Taking } from './config-control.ts';
import { CannotTake } from './config-refusal.ts';
import type { DoorSet } from './door-set.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { GatewaySessions } from './gateway-sessions.ts';
import type { Guards } from './guards.ts';
import type { InForce } from './in-force.ts';
import type { Observers } from './observers.ts';
import { connectedWith, type ResolvedSecrets, resolveSecrets } from './resolved-secrets.ts';
import type { ListenerServing } from './serving.ts';
import { tlsProblems } from './tls-problems.ts';
import type { UpstreamSet } from './upstream-set.ts';

/** What a configuration changes. */
export interface TakeoverParts {
  readonly inForce: InForce;
  readonly guards: Guards;
  readonly upstreams: UpstreamSet;
  readonly sessions: GatewaySessions;
  readonly observers: Observers;
  readonly doors: DoorSet;
  readonly admin: AdminDoor;
  readonly servingOf: (listener: ListenerConfig, config: Config) => ListenerServing;
}

export class Takeover {
  readonly #deps: GatewayDeps;
  readonly #parts: TakeoverParts;
  readonly #takenListeners = new Set<() => void>();
  #hasStarted = false;

  constructor(deps: GatewayDeps, parts: TakeoverParts) {
    this.#deps = deps;
    this.#parts = parts;
  }

  /** Whether a configuration with listeners has been in force. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Called after each change. Returns what ends that. */
  onTaken(listener: () => void): () => void {
    this.#takenListeners.add(listener);
    return () => this.#takenListeners.delete(listener);
  }

  /**
   * Rejects before anything changed: with `CannotTake` for what is wrong with the configuration or with what its references
   * stand for, with the error of `listen` where an address cannot be had.
   */
  async take(config: Config, how: Taking = { isAnew: false }): Promise<void> {
    const { inForce, upstreams, observers, sessions } = this.#parts;
    const secrets = await this.#secretsOf(config);
    const seal = sessionSeal({ keys: sessionKeys({ dataDir: this.#deps.dataDir, configured: secrets.sessionKeys }) });
    const guards = this.#parts.guards.prepare(config, how);
    const doors = await this.#parts.doors.prepare(config.listeners, secrets.listenerTls, listener =>
      this.#parts.servingOf(listener, config),
    );
    const admin = await this.#parts.admin.prepare(config, secrets.adminToken).catch(async (error: unknown) => {
      await doors.discard();
      throw error;
    });
    const former = inForce.secrets;
    // Connections are made with the new secrets; when one cannot be, nothing has happened.
    const takeBack = inForce.put({ config, secrets, seal });
    try {
      upstreams.apply(config.upstreams, name => ({
        material: guards.materials.get(name) ?? {},
        isReconnected: connectedWith(former, name) !== connectedWith(secrets, name),
      }));
    } catch (error) {
      takeBack();
      await Promise.all([doors.discard(), this.#parts.admin.discard(admin)]);
      throw error;
    }
    observers.settle();
    this.#deps.logs.configure(config.logging);
    this.#parts.guards.apply(guards);
    sessions.apply(config);
    this.#parts.doors.apply(doors, secrets.listenerTls);
    this.#parts.admin.apply(admin);
    await this.#tell(config);
  }

  async #secretsOf(config: Config): Promise<ResolvedSecrets> {
    const { secrets, problems } = await resolveSecrets(config, text => this.#deps.secrets.resolve(text));
    if (problems.length === 0) problems.push(...tlsProblems(config, secrets));
    if (problems.length > 0)
      throw new CannotTake(problems.map(({ path, message }) => ({ line: 0, column: 0, path: pathText(path), message })));
    return secrets;
  }

  /** Those who are no part of the gateway, and go by its configuration. */
  async #tell({ listeners, recording }: Config): Promise<void> {
    const { recorder, store, clock } = this.#deps;
    recorder.setRequired(recording.required);
    if (!this.#hasStarted && listeners.length > 0) {
      this.#hasStarted = true;
      this.#parts.observers.hub.emit({
        type: 'lifecycle',
        at: clock.now(),
        what: 'started',
        reason: 'a configuration with listeners came into force',
      });
    }
    for (const listener of this.#takenListeners) listener();
    const { maxAge, maxSize } = recording.retention;
    await store.setRetention({ maxAgeMs: maxAge, maxStoredBytes: maxSize });
  }
}
