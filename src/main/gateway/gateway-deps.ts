/** What a gateway takes from the host that it runs in. */
import type { RecordingState } from '../../shared/model/host.ts';
import type { Clock, ComponentLogs, Ids, Logger } from '../ports.ts';
import type { SecretResolver } from '../secrets/references.ts';
import type { TokenVault } from '../secrets/token-vault.ts';
import type { RecordDeps } from '../stages/record/record-deps.ts';
import type { TrafficStore } from '../store/traffic-store.ts';
import type { Conversations } from '../traffic/conversations.ts';

export interface GatewayDeps {
  readonly dataDir: string;
  readonly version: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly logs: ComponentLogs;
  readonly random: () => number;
  /** The environment of this process: for references, overrides, and what children need. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secrets: SecretResolver;
  readonly vault: TokenVault;
  readonly store: TrafficStore;
  readonly conversations: Conversations;
  readonly record: RecordDeps;
  readonly recorder: { state(): RecordingState; setRequired(isRequired: boolean): void };
}

/** How long what is under way may take when the gateway stops, ms. */
export interface DrainTimes {
  /** Between not being ready any more and not accepting any more, for those who balance in front of us. */
  readonly readyDelayMs: number;
  readonly finishMs: number;
}
