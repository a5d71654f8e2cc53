/** What the handlers of all calls need. Nothing of it is a wire or a host. */
import type { ConfigDraft } from '../../shared/model/config-draft.ts';
import type { HostInfo, HostStatus, ListenerInfo, Check, RecordingState } from '../../shared/model/host.ts';
import type {
  ConfigFile,
  ConfigProblem,
  ConfigVersion,
  DryRunResult,
  GatewayStatus,
  LimitsState,
  UpstreamState,
} from '../../shared/model/gateway-state.ts';
import type { AuditPage, AuditQuery } from '../../shared/model/audit.ts';
import type { AuditCheck, PolicyExplanation, SignInStatus, ToolChangeData } from '../../shared/model/gateway-desk.ts';
import type { Preferences } from '../../shared/model/preferences.ts';
import type { Clock, Ids, Logger, LogLevel } from '../ports.ts';
import type { StatusBoard } from '../publish/status-board.ts';
import type { TrafficStore } from '../store/traffic-store.ts';

export interface ProxyRequest {
  readonly upstream: string;
  readonly port?: number | undefined;
  readonly name?: string | undefined;
}

/** Plays the bundled sample; at most one at a time. */
export interface SamplePlayer {
  play(): Promise<readonly string[]>;
  stop(): void;
  state(): HostStatus['sample'];
}

export interface PreferenceKeeper {
  get(): Preferences;
  set(change: Partial<Preferences>): Promise<Preferences>;
  onChanged(listener: (preferences: Preferences) => void): () => void;
}

/** One change of a configuration text: a value put at a path, or what stands there removed. */
export interface ConfigEdit {
  readonly path: readonly (string | number)[];
  readonly value?: unknown;
  readonly remove: boolean;
}

/** The gateway as windows, command lines and the admin listener steer it. Rejects with BAD_CALL, CONFLICT or NOT_FOUND. */
export interface GatewayControl {
  load(path: string): Promise<void>;
  status(): GatewayStatus;
  upstreams(): UpstreamState[];
  limits(): LimitsState;
  setBreaker(change: {
    readonly upstream: string;
    readonly instance: string;
    readonly action: 'trip' | 'reset' | 'isolate' | 'rejoin';
    readonly actor: string;
  }): void;
  /** Whether the gateway serves it now, recorded or not. */
  holdsSession(id: string): boolean;
  /** False when there is no such live session. */
  killSession(change: { readonly id: string; readonly reason: string; readonly actor: string }): boolean;
  readonly config: {
    read(): Promise<ConfigFile>;
    check(text: string): { readonly problems: ConfigProblem[]; readonly warnings: ConfigProblem[] };
    write(change: { readonly text: string; readonly expectedHash: string; readonly reason: string }): Promise<ConfigFile>;
    edit(change: { readonly edits: readonly ConfigEdit[]; readonly expectedHash: string; readonly reason: string }): Promise<ConfigFile>;
    draft(text: string, edits: readonly ConfigEdit[]): ConfigDraft;
    history(): ConfigVersion[];
    diff(from: string, to: string): string;
    rollback(hash: string): Promise<ConfigFile>;
  };
  explain(frame: { readonly sessionId: string; readonly seq: number }): Promise<PolicyExplanation>;
  readonly audit: {
    query(query: AuditQuery): Promise<AuditPage>;
    verify(): Promise<AuditCheck>;
  };
  readonly pins: {
    changes(upstream: string | undefined): ToolChangeData[];
    /** Throws NOT_FOUND when there is no change to approve, CONFLICT when what waits is not what the digest is of. */
    approve(change: { readonly upstream: string; readonly tool: string; readonly digest: string; readonly actor: string }): void;
  };
  readonly signIns: {
    state(upstream: string): SignInStatus;
    begin(change: { readonly upstream: string; readonly actor: string }): Promise<{ readonly authorizationUrl: string }>;
    forget(change: { readonly upstream: string; readonly actor: string }): SignInStatus;
  };
  readonly secrets: {
    list(): { readonly names: string[]; readonly isPersistent: boolean; readonly problem?: string };
    /** Rejects with STORE_FAILED when the vault does not take it; what was kept before stays. */
    set(change: { readonly name: string; readonly value: string; readonly actor: string }): Promise<void>;
    /** False when there was none. */
    delete(change: { readonly name: string; readonly actor: string }): Promise<boolean>;
  };
  readonly logs: {
    levels(): Readonly<Record<string, LogLevel>>;
    setLevel(change: { readonly component: string | undefined; readonly level: LogLevel; readonly actor: string }): void;
  };
  dryRun(
    draft: { readonly text: string; readonly sessionId?: string | undefined; readonly limit: number },
    signal: AbortSignal,
  ): Promise<DryRunResult>;
}

export interface ApiDeps {
  readonly store: TrafficStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly board: StatusBoard;
  readonly preferences: PreferenceKeeper;
  readonly sample: SamplePlayer;
  readonly recording: { state(): RecordingState; setOn(isOn: boolean): void };
  /** Ends a live session; harmless when it has ended. What comes later over HTTP is a session of its own. */
  endSession(id: string, reason: string): void;
  readonly gateway: GatewayControl;
  readonly listeners: {
    open(request: ProxyRequest): Promise<ListenerInfo>;
    close(id: string): Promise<void>;
  };
  readonly host: {
    info(): HostInfo;
    doctor(): Promise<readonly Check[]>;
    /** Asks the host to stop, after the reply was sent. */
    stop(): void;
    /** A fresh one-time address of the window; throws NOT_FOUND where there is no page. */
    uiUrl(): string;
    /** Brings the window to the front; throws NOT_FOUND where the host has none of its own. */
    showWindow(): void;
  };
}
