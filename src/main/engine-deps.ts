/** What the engine takes from the host that runs it. */
import type { Check, HostInfo, ListenerInfo } from '../shared/model/host.ts';
import type { PreferenceKeeper, ProxyRequest, SamplePlayer } from './api/api-deps.ts';
import type { Clock, ComponentLogs, Ids, Logger } from './ports.ts';
import type { VaultKey } from './secrets/token-vault.ts';
import type { TrafficStore } from './store/traffic-store.ts';

export interface EngineDeps {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** The same by component; a configuration sets their levels. */
  readonly logs: ComponentLogs;
  readonly version: string;
  readonly hostKind: HostInfo['kind'];
  /** Files that a bundler moves around, so the host names them. */
  readonly paths: { readonly storeWriter: string | URL; readonly storeReader: string | URL };
  /** Shared by hub and contract; the host writes it to host.json. */
  readonly secret: string;
  readonly preferences: PreferenceKeeper;
  /** The environment of the process: for references of a configuration, its overrides, and what children need. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  /** Seals what is kept at rest (tokens of sign-ins); a host without a key keeps it in memory only. */
  readonly vaultKey: VaultKey;
  /** Command lines for people to copy. */
  readonly commands: { readonly wrap: string; readonly proxy: string };
  readonly sample: (stage: ProxySwitch, onChanged: () => void) => SamplePlayer;
  readonly host: {
    doctor(store: TrafficStore): Promise<readonly Check[]>;
    stop(): void;
    uiUrl(): string;
    showWindow(): void;
  };
}

/** Opens and closes transparent proxies while the engine runs. */
export interface ProxySwitch {
  /** Rejects with BAD_CALL for an upstream that leads back here, and with CONFLICT when the named port is taken. */
  openProxy(request: ProxyRequest): Promise<ListenerInfo>;
  /** Open streams are cut at once. Rejects with NOT_FOUND. */
  closeProxy(id: string): Promise<void>;
}
