/** The admin listener of a gateway: health, metrics, admin calls. It opens and moves with the configuration. */
import type { Config } from '../../shared/config/schema.ts';
import type { EmitEvent } from '../../shared/model/gateway-event.ts';
import type { AdminActions } from '../admin/admin-calls.ts';
import { type AdminServer, openAdminServer } from '../admin/admin-server.ts';
import { gatewayHealth, type Health, type HealthReads } from '../admin/health.ts';
import type { GatewayMetrics } from '../metrics/gateway-metrics.ts';
import type { Clock, Logger } from '../ports.ts';

export interface AdminDoorDeps {
  readonly reads: HealthReads;
  readonly metrics: Pick<GatewayMetrics, 'render'>;
  readonly actions: AdminActions;
  /** Told who did what. */
  readonly emit: EmitEvent;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is about to be in force. */
export interface PreparedAdmin {
  readonly address: string;
  readonly token: string | undefined;
  readonly server: AdminServer | undefined;
  /** Opened for it, and to be closed when it does not come into force. */
  readonly isNew: boolean;
}

const GRACE_MS = 1000;

export class AdminDoor {
  readonly #deps: AdminDoorDeps;
  readonly #health: Health;
  #address = '';
  #server: AdminServer | undefined;

  constructor(deps: AdminDoorDeps) {
    this.#deps = deps;
    this.#health = gatewayHealth(deps.reads);
  }

  get url(): string | undefined {
    return this.#server?.url;
  }

  /** A gateway without listeners has nobody to look after. Rejects when the address cannot be had. */
  async prepare({ admin, listeners }: Config, token: string | undefined): Promise<PreparedAdmin> {
    const isWanted = admin.enabled && listeners.length > 0;
    const address = isWanted ? `${admin.host} ${admin.port}` : '';
    if (address === this.#address) return { address, token, server: this.#server, isNew: false };
    const { metrics, actions, emit, clock, log } = this.#deps;
    const server = isWanted
      ? await openAdminServer({
          host: admin.host,
          port: admin.port,
          health: this.#health,
          metrics,
          actions,
          emit,
          clock,
          log,
          ...(token === undefined ? {} : { token }),
        })
      : undefined;
    return { address, token, server, isNew: true };
  }

  apply({ address, token, server, isNew }: PreparedAdmin): void {
    if (!isNew) {
      server?.setToken(token);
      return;
    }
    void this.#server?.close({ graceMs: GRACE_MS });
    this.#address = address;
    this.#server = server;
  }

  /** Something else of the same change cannot be had. */
  async discard({ server, isNew }: PreparedAdmin): Promise<void> {
    if (isNew) await server?.close({ graceMs: 0 });
  }

  async close(): Promise<void> {
    await this.#server?.close({ graceMs: GRACE_MS });
  }
}
