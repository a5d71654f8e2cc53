/** Wires everything, in the order in which a message flows. Host-neutral: no Electron, no server of the window. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Check, HostInfo, ListenerInfo } from '../shared/model/host.ts';
import { contractVersion } from '../shared/contract/wire.ts';
import type { Api } from './api/api.ts';
import { createApi } from './api/create-api.ts';
import type { PreferenceKeeper, ProxyRequest, SamplePlayer } from './api/api-deps.ts';
import { gatewayControl } from './gateway/gateway-control.ts';
import { type Gateway, openGateway } from './gateway/gateway.ts';
import type { DrainTimes } from './gateway/gateway-deps.ts';
import { openShimHub, type ShimHub } from './listeners/shim-hub.ts';
import { OpenProxies } from './open-proxies.ts';
import { compose } from './pipeline/compose.ts';
import type { Clock, ComponentLogs, Ids, Logger } from './ports.ts';
import { Latencies, observedSink } from './publish/latencies.ts';
import { statusBoard } from './publish/status-board.ts';
import { createRecorder } from './recording/recorder.ts';
import { readFileUpTo, secretResolver } from './secrets/references.ts';
import { tokenVault, type VaultKey } from './secrets/token-vault.ts';
import { stagesInOrder } from './stages/order.ts';
import { openStore } from './store/open-store.ts';
import type { TrafficStore } from './store/traffic-store.ts';
import { Conversations } from './traffic/conversations.ts';

// The lock of a data directory is a database; hosts take it from here, because only store/ knows SQL.
export { expressionChecks } from './gateway/expression-checks.ts';
export { lookAtIssuers } from './gateway/issuer-look.ts';
export { lockDirectory, type DirectoryLock } from './store/directory-lock.ts';

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
  readonly sample: (stage: Pick<Engine, 'openProxy' | 'closeProxy'>, onChanged: () => void) => SamplePlayer;
  readonly host: {
    doctor(store: TrafficStore): Promise<readonly Check[]>;
    stop(): void;
    uiUrl(): string;
    showWindow(): void;
  };
}

export interface Engine {
  readonly api: Api;
  readonly store: TrafficStore;
  /** Takes in what shims recorded while no host ran; resolves when it is committed. Goes on by itself as well. */
  takeInSpools(): Promise<void>;
  /** Where shims connect; goes into host.json. */
  readonly hubPath: string;
  listeners(): readonly ListenerInfo[];
  openProxy(request: ProxyRequest): Promise<ListenerInfo>;
  closeProxy(id: string): Promise<void>;
  readonly gateway: {
    /** Takes a configuration file into force. BAD_CALL names what is wrong in it. */
    load(path: string): Promise<void>;
    /** Takes the usual file of the data directory, where there is one; a wrong one is told and changes nothing. */
    loadUsual(): Promise<void>;
    /** Reads the file that is followed anew, and what its references stand for. Rejects when it cannot be taken: the former stays. */
    reload(reason: string): Promise<void>;
    /** Lets what is under way end, before `close`. At once where nothing is served. */
    drain(times?: Partial<DrainTimes>): Promise<void>;
  };
  /** Stops accepting, ends sessions, flushes the store; newest first. Open streams are cut after `graceMs`. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** Starts the engine on a data directory that the host has locked. Rejects with STORE_FAILED when there is no store to be had. */
export async function startEngine(deps: EngineDeps): Promise<Engine> {
  const { dataDir, clock, ids, log } = deps;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const startedAt = clock.now();

  // 7, 6: the record comes first, because nothing may pass before it can be noted.
  const store = await openStore({
    path: join(dataDir, 'traffic.db'),
    workers: { writer: deps.paths.storeWriter, reader: deps.paths.storeReader },
    clock,
    log,
  });
  // A full or read-only disk must not keep traffic from passing; the status says that recording stopped.
  await store
    .markInterrupted(startedAt)
    .catch((error: unknown) => log.warn('Sessions of an earlier host were not marked as interrupted', { error: String(error) }));
  // What was deleted under an earlier host can no longer be taken back.
  await store.purgeDeleted(startedAt).catch((error: unknown) => log.warn('Deleted sessions were not purged', { error: String(error) }));
  let onWritten: (durationMs: number) => void = () => undefined;
  const recorder = createRecorder({
    store: {
      async commit(batch) {
        const startedUs = clock.monotonicUs();
        const receipt = await store.commit(batch);
        onWritten((clock.monotonicUs() - startedUs) / 1000);
        return receipt;
      },
    },
    clock,
    log,
  });

  // 2: the vocabulary.
  const latencies = new Latencies(clock);
  const conversations = new Conversations({ sink: observedSink(recorder, latencies), clock, ids });

  // 3, 4: the stages: of a transparent proxy here, those of a guarded route with what a configuration describes.
  const record = {
    clock,
    log,
    pressure: () => recorder.pressure(),
    isRequired: () => recorder.isRequired,
    problem: () => (recorder.isRequired ? recorder.state().problem : undefined),
  };
  const stages = stagesInOrder(record);
  const pipeline = compose(stages);
  conversations.onClosed(sessionId => {
    for (const stage of stages) stage.sessionClosed?.(sessionId);
  });
  const vault = tokenVault({ dataDir, key: deps.vaultKey, clock, log });
  const secrets = secretResolver({ env: deps.env, readFile: readFileUpTo, vault: name => vault.read(name) });
  const gateway: Gateway = await openGateway({ ...deps, store, conversations, record, recorder, secrets, vault });
  onWritten = durationMs => gateway.observers.metrics.storeWritten(durationMs);

  // 1, 5: listeners and their upstreams.
  const proxies = new OpenProxies({ pipeline, conversations, clock, ids, log });
  const hub: ShimHub = await openShimHub({
    dataDir,
    secret: deps.secret,
    conversations,
    plans: gateway.plans,
    // Shims hear what the recorder settled, not what the store wrote: with recording off nothing is written, yet nothing must be kept.
    store: {
      sessionPast: id => store.sessionPast(id),
      onCommitted: listener => recorder.onCommitted(listener),
      room: () => recorder.room(),
    },
    clock,
    log,
  });

  const listeners = (): readonly ListenerInfo[] => [
    ...proxies.infos(),
    ...gatewayListeners(gateway),
    { id: 'hub', name: 'wrapped servers', kind: 'hub', url: hub.path },
  ];

  const openProxy = (request: ProxyRequest) => proxies.open(request);
  const closeProxy = (id: string) => proxies.close(id, 0);

  // 8: what windows and command lines see.
  const board = statusBoard({ store, latencies, recordingState: () => recorder.state(), listeners, sample: () => sample.state() });
  const control = gatewayControl({ gateway, store, vault, clock });
  const sample = deps.sample({ openProxy, closeProxy }, () => board.touch());
  const api = createApi({
    store,
    clock,
    ids,
    log,
    board,
    preferences: deps.preferences,
    sample,
    recording: { state: () => recorder.state(), setOn: isOn => recorder.setOn(isOn) },
    endSession: (id, reason) => conversations.end(id, { at: clock.now(), reason }),
    gateway: control,
    listeners: { open: openProxy, close: closeProxy },
    host: {
      info: () => ({
        version: deps.version,
        contractVersion,
        kind: deps.hostKind,
        pid: process.pid,
        dataDir,
        nodeVersion: process.versions.node,
        platform: `${process.platform} ${process.arch}`,
        startedAt,
        wrapCommand: deps.commands.wrap,
        proxyCommand: deps.commands.proxy,
        listeners: [...listeners()],
      }),
      doctor: () => deps.host.doctor(store),
      stop: () => deps.host.stop(),
      uiUrl: () => deps.host.uiUrl(),
      showWindow: () => deps.host.showWindow(),
    },
  });

  let closing: Promise<void> | undefined;
  return {
    api,
    store,
    takeInSpools: () => hub.takeInSpools(),
    hubPath: hub.path,
    listeners,
    openProxy,
    closeProxy,
    gateway: {
      load: path => control.load(path),
      loadUsual: () => gateway.control.loadUsual(),
      reload: reason => gateway.control.reload(reason),
      drain: times => gateway.drain(times),
    },
    close: ({ graceMs }) =>
      (closing ??= (async () => {
        sample.stop();
        await proxies.closeAll(graceMs);
        await gateway.close();
        await hub.close();
        conversations.endAll({ at: clock.now(), reason: 'the host stopped' });
        board.close();
        await recorder.close();
        await store.close();
      })()),
  };
}

/** One address per route, as a client dials it. */
function gatewayListeners(gateway: Gateway): ListenerInfo[] {
  return gateway
    .listening()
    .flatMap(({ name, url, routes }) =>
      routes.map(({ path, upstream }) => ({ id: `${name}${path}`, name: upstream, kind: 'gateway' as const, url: `${url}${path}` })),
    );
}
