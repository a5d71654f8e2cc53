/**
 * The gateway: what a configuration describes, in force. Everything is prepared first and then swapped in one go; what did not
 * change keeps its buckets, breakers, sessions and children.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Config, type ListenerConfig, RetriesConfig } from '../../shared/config/schema.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { GatewayStatus } from '../../shared/model/gateway-state.ts';
import { compose } from '../pipeline/compose.ts';
import { LiveAnswers } from '../pipeline/live-answers.ts';
import { filePinStore } from '../pipeline/policy/pin-store.ts';
import { EndedSessions } from '../pipeline/ended-sessions.ts';
import { type GatewaySession, type SessionEnd, SessionTable } from '../pipeline/session-table.ts';
import type { Next } from '../pipeline/stage.ts';
import type { StdioPlans } from '../pipeline/stdio-plan.ts';
import type { Clock, ComponentLogs } from '../ports.ts';
import { sessionKeys } from '../secrets/session-keys.ts';
import type { SessionSeal } from '../../shared/model/sealed-session.ts';
import { sessionSeal } from '../secrets/session-seal.ts';
import { pathText } from '../settings/config-problem.ts';
import { type GuardDeps, guardedStagesInOrder, openStagesInOrder, stdioStagesInOrder, strayStagesInOrder } from '../stages/order.ts';
import { wellKnownAnswer } from '../stages/authenticate/protected-resource.ts';
import { adminActions } from './admin-actions.ts';
import { AdminDoor } from './admin-door.ts';
import { CannotTake, ConfigControl, type Taking } from './config-control.ts';
import { DoorSet } from './door-set.ts';
import { expressionChecks } from './expression-checks.ts';
import type { DrainTimes, GatewayDeps } from './gateway-deps.ts';
import { Guards } from './guards.ts';
import { instanceConnector } from './instance-connector.ts';
import { type Observers, openObservers } from './observers.ts';
import { type RenewalWatch, watchRenewals } from './renewals.ts';
import { connectedWith, noSecrets, type ResolvedSecrets, resolveSecrets } from './resolved-secrets.ts';
import { type ListenerServing, listenerServing, SessionsKeeper } from './serving.ts';
import { judgeServerLine } from './server-lines.ts';
import { stdioPlans } from './stdio-plans.ts';
import { tlsProblems } from './tls-problems.ts';
import { UpstreamSet } from './upstream-set.ts';

/** Starts without a configuration: nothing listens and nothing applies until one is loaded. */
export async function openGateway(deps: GatewayDeps): Promise<Gateway> {
  const live = new LiveAnswers();
  const { clock, random, vault } = deps;
  const secretValues = () => deps.secrets.secretValues();
  deps.logs.hideValues(secretValues);
  const parts: { gateway?: Gateway } = {};
  const pinStore = filePinStore(join(deps.dataDir, 'tool-pins.json'), deps.logs.of('policy'));
  const guards = new Guards({
    clock,
    log: deps.logs.of('auth'),
    random,
    vault,
    secret: text => deps.secrets.resolve(text),
    pinStore,
    emit: event => parts.gateway?.observers.hub.emit(event),
  });
  const observers = await openObservers({
    ...deps,
    catalogue: guards.pins,
    live,
    audit: () => parts.gateway?.config.audit ?? initialConfig.audit,
    secretValues,
    upstreams: () => parts.gateway?.upstreams.states() ?? [],
    sessionCount: () => parts.gateway?.table.count ?? 0,
    recorder: () => deps.recorder.state(),
    limits: () => guards.limiter.tallies,
  });
  parts.gateway = new Gateway(deps, { live, guards, observers });
  return parts.gateway;
}

const initialConfig = Config.parse({ version: 1, limits: [] });
const noRetries = RetriesConfig.parse({});

export class Gateway {
  readonly control: ConfigControl;
  readonly observers: Observers;
  readonly guards: Guards;
  readonly table: SessionTable;
  readonly upstreams: UpstreamSet;
  /** For wrapped sessions: the same policies and limits. */
  readonly plans: StdioPlans;
  readonly #deps: GatewayDeps;
  readonly #live: LiveAnswers;
  readonly #doors: DoorSet;
  readonly #admin: AdminDoor;
  readonly #sessions: SessionsKeeper;
  readonly #renewals: RenewalWatch;
  readonly #pipelines: { readonly guarded: Next; readonly open: Next; readonly stray: Next };
  readonly #planListeners = new Set<() => void>();
  #config: Config = initialConfig;
  #secrets: ResolvedSecrets = noSecrets;
  #seal: SessionSeal | undefined;
  #hasStarted = false;
  #isDraining = false;
  /** New requests are refused: what is under way is all there will be. */
  #isRefusing = false;

  constructor(deps: GatewayDeps, parts: { readonly live: LiveAnswers; readonly guards: Guards; readonly observers: Observers }) {
    const { clock, ids, log, random, conversations, env } = deps;
    const { live, guards, observers } = parts;
    const { emit } = observers.hub;
    this.#deps = deps;
    this.#live = live;
    this.guards = guards;
    this.observers = observers;
    this.#doors = new DoorSet({ clock, ids, log: deps.logs.of('gateway') });
    this.#sessions = new SessionsKeeper({ conversations, clock });
    const ended = new EndedSessions({ path: join(deps.dataDir, 'ended-sessions'), log: deps.logs.of('gateway') });
    const onEnded = (session: GatewaySession, what: SessionEnd) => this.#sessionEnded(session, what);
    this.table = new SessionTable(limitsOf(initialConfig), { clock, emit, ended, onEnded });
    const upstreamLog = deps.logs.of('upstream');
    this.upstreams = new UpstreamSet({
      clock,
      log: upstreamLog,
      random,
      emit,
      connect: instanceConnector({
        clock,
        ids,
        log: upstreamLog,
        emit,
        ownEnv: env,
        secrets: () => this.#secrets,
        maxPending: () => this.#config.sessions.maxPending,
        reclaim: (session, reason) => this.table.reclaim(session, reason),
      }),
    });
    const stages: GuardDeps = {
      record: deps.record,
      account: { clock, emit, log, live, keepsArguments: () => this.#config.audit.arguments },
      authenticate: guards.authenticate,
      validate: { catalogue: guards.pins },
      sessions: { seal: () => this.#mustSeal(), table: this.table, clock, ids, emit },
      policy: { engine: guards.policies, pins: guards.pins, clock },
      limits: { limiter: guards.limiter },
      retry: { configFor: name => this.#config.upstreams[name]?.retries ?? noRetries, catalogue: guards.pins, clock, random },
    };
    this.#pipelines = {
      guarded: compose(guardedStagesInOrder(stages)),
      open: compose(openStagesInOrder(stages)),
      stray: compose(strayStagesInOrder(stages)),
    };
    this.plans = stdioPlans({
      run: compose(stdioStagesInOrder(stages)),
      ids,
      effectOn: serverName => guards.effectOn(serverName),
      judgeServer: (serverName, line) => judgeServerLine({ policies: guards.policies, clock, ids, emit }, serverName, line),
      onChanged: listener => {
        this.#planListeners.add(listener);
        return () => this.#planListeners.delete(listener);
      },
    });
    this.#admin = new AdminDoor({
      reads: {
        clock,
        dataDir: deps.dataDir,
        status: () => this.status(),
        store: () => deps.store.stats(),
        isRecordRequired: () => this.#config.recording.required,
        upstreams: () => this.upstreams.states(),
        issuers: () => guards.issuers(),
        audit: () => observers.audit.state(),
        others: () => (deps.vault.problem === undefined ? [] : [deps.vault.problem]),
        eventLoop: () => observers.eventLoop.delays(),
      },
      metrics: observers.metrics,
      actions: adminActions(this),
      emit,
      clock,
      log: deps.logs.of('gateway'),
    });
    this.control = new ConfigControl({
      dataDir: deps.dataDir,
      env,
      clock,
      log: deps.logs.of('config'),
      emit,
      checks: expressionChecks,
      take: (config, how) => this.#take(config, how),
    });
    this.#renewals = watchRenewals({
      log: deps.logs.of('config'),
      inForce: () => ({ config: this.#config, secrets: this.#secrets }),
      resolve: text => deps.secrets.resolve(text),
      again: reason => this.control.again(reason),
    });
  }

  get clock(): Clock {
    return this.#deps.clock;
  }

  get config(): Config {
    return this.#config;
  }

  get logs(): ComponentLogs {
    return this.#deps.logs;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get adminUrl(): string | undefined {
    return this.#admin.url;
  }

  /** Names and addresses of what is served. */
  listening(): GatewayStatus['listeners'] {
    return [...this.#doors.listening()].map(({ config, origin }) => ({
      name: config.name,
      url: origin,
      routes: config.routes.map(({ path, upstream }) => ({ path, upstream })),
      hasAuth: config.auth !== undefined,
    }));
  }

  status(): GatewayStatus {
    const { control, observers } = this;
    const { inForce } = control;
    const listeners = this.listening();
    return {
      isRunning: listeners.length > 0,
      isDraining: this.#isDraining,
      ...(inForce === undefined ? {} : { configPath: control.path, configHash: inForce.hash, configuredAt: inForce.at }),
      configProblems: control.problems.map(({ line, path, message }) => `${placeOf(line, path)}${message}`),
      policyMode: this.#config.policyMode,
      listeners,
      ...(this.#admin.url === undefined ? {} : { adminUrl: this.#admin.url }),
      sessionCount: this.table.count,
      counters: {
        ...observers.counters.counts,
        inFlight: Math.max(0, this.#live.pendingCount - this.#live.streamCount),
        openStreams: this.#live.streamCount,
      },
      durations: observers.metrics.percentiles(),
      changes: [...observers.counters.changes],
    };
  }

  /** Whether a session that is or will be recorded under this id is served now. */
  holdsSession(conversationId: string): boolean {
    return [...this.table.all()].some(session => session.conversationId === conversationId);
  }

  /** Ends all that belongs to a recorded session of the gateway; false when it is none of ours. */
  killSession(conversationId: string, reason: string): boolean {
    const count = this.table.endOfConversation(conversationId, 'killed', reason === '' ? 'by hand' : reason);
    this.#live.cutSession(conversationId, new TrafficError('SESSION_LOST', 'This session was ended by hand.'));
    return count > 0;
  }

  /** The sequence of an orderly stop, except for closing: not ready, then no new connections, then what is under way. */
  async drain(times: Partial<DrainTimes> = {}): Promise<void> {
    const { readyDelay, finish } = this.#config.shutdown;
    const { readyDelayMs = readyDelay, finishMs = finish } = times;
    if (this.#isDraining || this.listening().length === 0) {
      this.#isDraining = true;
      return;
    }
    this.#isDraining = true;
    const { emit } = this.observers.hub;
    emit({ type: 'lifecycle', at: this.clock.now(), what: 'draining', reason: 'the host stops' });
    await pause(readyDelayMs);
    this.#doors.stopAccepting();
    this.#isRefusing = true;
    await this.#live.callsDone(finishMs);
    this.#live.endAll(
      new TrafficError('SHUTTING_DOWN', 'The gateway stopped before the answer was complete.', { facts: { may_have_executed: true } }),
    );
  }

  async close(): Promise<void> {
    this.#isDraining = true;
    this.#renewals.close();
    await this.control.close();
    await this.#doors.close(0);
    await this.upstreams.close();
    this.#sessions.closeAll('the gateway stopped');
    this.table.close();
    await this.guards.close();
    await this.#admin.close();
    if (this.#hasStarted) this.observers.hub.emit({ type: 'lifecycle', at: this.clock.now(), what: 'stopped', reason: 'the host stopped' });
    await this.observers.close();
  }

  /** Prepares everything, then swaps. Rejects before anything changed. */
  async #take(config: Config, how: Taking = { isAnew: false }): Promise<void> {
    const { secrets: resolver, store, recorder, dataDir } = this.#deps;
    const { secrets, problems } = await resolveSecrets(config, text => resolver.resolve(text));
    if (problems.length === 0) problems.push(...tlsProblems(config, secrets));
    if (problems.length > 0)
      throw new CannotTake(problems.map(({ path, message }) => ({ line: 0, column: 0, path: pathText(path), message })));
    const seal = sessionSeal({ keys: sessionKeys({ dataDir, configured: secrets.sessionKeys }) });
    const guards = this.guards.prepare(config, how);
    const doors = await this.#doors.prepare(config.listeners, secrets.listenerTls, listener => this.#servingOf(listener, config));
    const admin = await this.#admin.prepare(config, secrets.adminToken).catch(async (error: unknown) => {
      await doors.discard();
      throw error;
    });
    const before = { config: this.#config, secrets: this.#secrets };
    // Connections are made with the new secrets; when one cannot be, nothing has happened.
    this.#config = config;
    this.#secrets = secrets;
    try {
      this.upstreams.apply(config.upstreams, name => ({
        material: guards.materials.get(name) ?? {},
        isReconnected: connectedWith(before.secrets, name) !== connectedWith(secrets, name),
      }));
    } catch (error) {
      this.#config = before.config;
      this.#secrets = before.secrets;
      await Promise.all([doors.discard(), this.#admin.discard(admin)]);
      throw error;
    }
    this.#seal = seal;
    this.observers.settle();
    this.#deps.logs.configure(config.logging);
    this.guards.apply(guards);
    this.table.apply(limitsOf(config));
    this.#doors.apply(doors, secrets.listenerTls);
    this.#admin.apply(admin);
    recorder.setRequired(config.recording.required);
    if (!this.#hasStarted && config.listeners.length > 0) {
      this.#hasStarted = true;
      this.observers.hub.emit({
        type: 'lifecycle',
        at: this.clock.now(),
        what: 'started',
        reason: 'a configuration with listeners came into force',
      });
    }
    for (const listener of this.#planListeners) listener();
    const { maxAge, maxSize } = config.recording.retention;
    await store.setRetention({ maxAgeMs: maxAge, maxStoredBytes: maxSize });
  }

  #servingOf(listener: ListenerConfig, config: Config): ListenerServing {
    const { conversations, clock, ids } = this.#deps;
    return listenerServing(
      listener,
      {
        conversations,
        clock,
        ids,
        pipeline: this.#pipelines.guarded,
        openPipeline: this.#pipelines.open,
        strayPipeline: this.#pipelines.stray,
        // Looked up for each request: what is served changes before and after the upstreams do.
        upstreamFor: name => ({ name, send: exchange => this.upstreams.named(name).send(exchange), close: () => Promise.resolve() }),
        wellKnown: wellKnownAnswer,
        isDraining: () => this.#isRefusing,
        idleMs: config.sessions.idle,
      },
      this.#sessions,
    );
  }

  #mustSeal(): SessionSeal {
    if (this.#seal === undefined) throw new Error('A session came before the configuration that it belongs to.');
    return this.#seal;
  }

  /** Open answers of a session that was killed or has expired are broken off, and its server is told; one that its client ended has none. */
  #sessionEnded({ conversationId, upstream, bound }: GatewaySession, what: SessionEnd): void {
    if (what !== 'ended') {
      this.#live.cutSession(conversationId, new TrafficError('SESSION_LOST', `This session was ${what}.`));
      this.upstreams.endSession(upstream, bound);
    }
    const { conversations, clock } = this.#deps;
    // After the last frame of the answer that ended it was noted.
    setImmediate(() => conversations.end(conversationId, { at: clock.now(), reason: what === 'ended' ? 'ended by the client' : what }));
  }
}

function limitsOf({ sessions }: Config): SessionTable['limits'] {
  return {
    max: sessions.max,
    maxPerPrincipal: sessions.maxPerPrincipal,
    idleMs: sessions.idle,
    ageMs: sessions.age,
    maxPending: sessions.maxPending,
  };
}

function placeOf(line: number, path: string): string {
  if (line > 0) return `line ${line}: `;
  return path === '' ? '' : `${path}: `;
}
