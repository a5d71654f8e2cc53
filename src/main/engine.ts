/** Wires everything, in the order in which a message flows. Host-neutral: no Electron, no server of the window. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ListenerInfo } from '../shared/model/host.ts';
import { contractVersion } from '../shared/contract/wire.ts';
import type { Api } from './api/api.ts';
import type { ApiDeps } from './api/api-deps.ts';
import { createApi } from './api/create-api.ts';
import type { EngineDeps, ProxySwitch } from './engine-deps.ts';
import { gatewayControl } from './gateway/gateway-control.ts';
import { type Gateway, openGateway } from './gateway/gateway.ts';
import type { DrainTimes } from './gateway/gateway-deps.ts';
import { openShimHub } from './listeners/shim-hub.ts';
import type { ShimStore } from './listeners/shim-intake.ts';
import { OpenProxies } from './open-proxies.ts';
import { compose } from './pipeline/compose.ts';
import type { Next } from './pipeline/stage.ts';
import { Latencies, observedSink } from './publish/latencies.ts';
import { statusBoard } from './publish/status-board.ts';
import { createRecorder, type Recorder } from './recording/recorder.ts';
import { timedCommits } from './recording/timed-commits.ts';
import { readFileUpTo, secretResolver } from './secrets/references.ts';
import { tokenVault } from './secrets/token-vault.ts';
import { stagesInOrder } from './stages/order.ts';
import type { RecordDeps } from './stages/record/record-deps.ts';
import { settleAfterEarlierHost } from './store/after-earlier-host.ts';
import { openStore } from './store/open-store.ts';
import type { TrafficStore } from './store/traffic-store.ts';
import { Conversations } from './traffic/conversations.ts';

// The lock of a data directory is a database; hosts take it from here, because only store/ knows SQL.
export { expressionChecks } from './gateway/expression-checks.ts';
export { lookAtIssuers } from './gateway/issuer-look.ts';
export { lockDirectory, type DirectoryLock } from './store/directory-lock.ts';

export interface Engine extends ProxySwitch {
  readonly api: Api;
  readonly store: TrafficStore;
  /** Takes in what shims recorded while no host ran; resolves when it is committed. Goes on by itself as well. */
  takeInSpools(): Promise<void>;
  /** Where shims connect; goes into host.json. */
  readonly hubPath: string;
  listeners(): readonly ListenerInfo[];
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
  const workers = { writer: deps.paths.storeWriter, reader: deps.paths.storeReader };
  const store = await openStore({ path: join(dataDir, 'traffic.db'), workers, clock, log });
  await settleAfterEarlierHost(store, startedAt, log);
  const commits = timedCommits(store, clock);
  const recorder = createRecorder({ store: commits, clock, log });

  // 2: the vocabulary.
  const latencies = new Latencies(clock);
  const conversations = new Conversations({ sink: observedSink(recorder, latencies), clock, ids });

  // 3, 4: the stages: of a transparent proxy here, those of a guarded route with what a configuration describes.
  const record = recordedBy(recorder, deps);
  const pipeline = transparentPipeline(record, conversations);
  const vault = tokenVault({ dataDir, key: deps.vaultKey, clock, log });
  const secrets = secretResolver({ env: deps.env, readFile: readFileUpTo, vault: name => vault.read(name) });
  const gateway = await openGateway({ ...deps, store, conversations, record, recorder, secrets, vault });
  commits.onCommitTimed(durationMs => gateway.observers.metrics.storeWritten(durationMs));

  // 1, 5: listeners and their upstreams.
  const proxies = new OpenProxies({ pipeline, conversations, clock, ids, log });
  const openProxy: ProxySwitch['openProxy'] = request => proxies.open(request);
  const closeProxy: ProxySwitch['closeProxy'] = id => proxies.close(id, 0);
  const hub = await openShimHub({
    dataDir,
    secret: deps.secret,
    conversations,
    plans: gateway.plans,
    store: settledBy(recorder, store),
    clock,
    log,
  });
  const listeners = (): readonly ListenerInfo[] => [
    ...proxies.infos(),
    ...gatewayListeners(gateway),
    { id: 'hub', name: 'wrapped servers', kind: 'hub', url: hub.path },
  ];

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
    host: hostAsSeen(deps, { startedAt, store, listeners }),
  });

  const close = async (graceMs: number) => {
    sample.stop();
    await proxies.closeAll(graceMs);
    await gateway.close();
    await hub.close();
    conversations.endAll({ at: clock.now(), reason: 'the host stopped' });
    board.close();
    await recorder.close();
    await store.close();
  };
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
    close: ({ graceMs }) => (closing ??= close(graceMs)),
  };
}

/** What the record stage goes by. */
function recordedBy(recorder: Recorder, { clock, log }: EngineDeps): RecordDeps {
  return {
    clock,
    log,
    pressure: () => recorder.pressure(),
    isRequired: () => recorder.isRequired,
    problem: () => (recorder.isRequired ? recorder.state().problem : undefined),
  };
}

/** The stages of a transparent proxy; they give back what they keep for a session when it ends. */
function transparentPipeline(record: RecordDeps, conversations: Conversations): Next {
  const stages = stagesInOrder(record);
  conversations.onClosed(sessionId => {
    for (const stage of stages) stage.sessionClosed?.(sessionId);
  });
  return compose(stages);
}

/** Shims hear what the recorder settled, not what the store wrote: with recording off nothing is written, yet nothing must be kept. */
function settledBy(recorder: Recorder, store: TrafficStore): ShimStore {
  return {
    sessionPast: id => store.sessionPast(id),
    onCommitted: listener => recorder.onCommitted(listener),
    room: () => recorder.room(),
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

interface Running {
  /** Epoch ms. */
  readonly startedAt: number;
  readonly store: TrafficStore;
  readonly listeners: () => readonly ListenerInfo[];
}

/** The host as windows and command lines see it and ask of it. */
function hostAsSeen(deps: EngineDeps, { startedAt, store, listeners }: Running): ApiDeps['host'] {
  const { version, hostKind, dataDir, commands, host } = deps;
  return {
    info: () => ({
      version,
      contractVersion,
      kind: hostKind,
      pid: process.pid,
      dataDir,
      nodeVersion: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
      startedAt,
      wrapCommand: commands.wrap,
      proxyCommand: commands.proxy,
      listeners: [...listeners()],
    }),
    doctor: () => host.doctor(store),
    stop: () => host.stop(),
    uiUrl: () => host.uiUrl(),
    showWindow: () => host.showWindow(),
  };
}
