/** What the handlers of all calls need. Nothing of it is a wire or a host. */
import type { HostInfo, HostStatus, ListenerInfo, Check, RecordingState } from '../../shared/model/host.ts';
import type { Preferences } from '../../shared/model/preferences.ts';
import type { Clock, Ids, Logger } from '../ports.ts';
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
