/**
 * The gateway: what a configuration describes, in force. Everything is prepared first and then swapped in one go; what did not
 * change keeps its buckets, breakers, sessions and children.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config, ListenerConfig } from '../../shared/config/schema.ts';
import { authWord } from '../../shared/config/auth-word.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { GatewayCondition, GatewayStatus } from '../../shared/model/gateway-state.ts';
import { LiveAnswers } from '../pipeline/live-answers.ts';
import { filePinStore } from '../pipeline/policy/pin-store.ts';
import type { StdioPlans } from '../pipeline/stdio-plan.ts';
import type { Clock, ComponentLogs } from '../ports.ts';
import { wellKnownAnswer } from '../stages/authenticate/protected-resource.ts';
import { QuestionTally } from '../upstreams/bridge/question-tally.ts';
import { adminActions } from './admin-actions.ts';
import { AdminDoor } from './admin-door.ts';
import { ConfigControl } from './config-control.ts';
import { DoorSet } from './door-set.ts';
import { eventHub } from './event-hub.ts';
import { expressionChecks } from './expression-checks.ts';
import type { DrainTimes, GatewayDeps } from './gateway-deps.ts';
import { type GatewayPipelines, gatewayPipelines } from './gateway-pipelines.ts';
import { GatewaySessions } from './gateway-sessions.ts';
import { Guards } from './guards.ts';
import { InForce } from './in-force.ts';
import { instanceConnector } from './instance-connector.ts';
import { type Observers, openObservers } from './observers.ts';
import { type RenewalWatch, watchRenewals } from './renewals.ts';
import { judgeServerLine } from './server-lines.ts';
import { type ListenerServing, listenerServing } from './serving.ts';
import { stdioPlans } from './stdio-plans.ts';
import { Takeover } from './takeover.ts';
import { UpstreamSet } from './upstream-set.ts';

/** Starts without a configuration: nothing listens and nothing applies until one is loaded. Rejects when the audit cannot be opened. */
export async function openGateway(deps: GatewayDeps): Promise<Gateway> {
  const { clock, ids, random, vault, env, logs } = deps;
  const secretValues = () => deps.secrets.secretValues();
  logs.hideValues(secretValues);
  const inForce = new InForce();
  const live = new LiveAnswers();
  const hub = eventHub(deps.log);
  const { emit } = hub;

  // What decides, and what requests go through after that.
  const guards = new Guards({
    clock,
    log: logs.of('auth'),
    random,
    vault,
    secret: text => deps.secrets.resolve(text),
    pinStore: filePinStore(join(deps.dataDir, 'tool-pins.json'), logs.of('policy')),
    emit,
  });
  const sessions: GatewaySessions = new GatewaySessions(inForce.config, {
    ...deps,
    log: logs.of('gateway'),
    emit,
    live,
    endAtServer: (name, bound) => upstreams.endSession(name, bound),
  });
  const questions = new QuestionTally();
  const connect = instanceConnector({
    clock,
    ids,
    log: logs.of('upstream'),
    emit,
    ownEnv: env,
    questions,
    secrets: () => inForce.secrets,
    maxPending: () => inForce.config.sessions.maxPending,
    reclaim: (session, reason) => sessions.table.reclaim(session, reason),
  });
  const upstreams = new UpstreamSet({ clock, log: logs.of('upstream'), random, emit, connect });

  // Who hears of it.
  const observers = await openObservers({
    ...deps,
    hub,
    catalogue: guards.pins,
    live,
    audit: () => inForce.config.audit,
    secretValues,
    upstreams: () => upstreams.states(),
    sessionCount: () => sessions.table.count,
    recorder: () => deps.recorder.state(),
    limits: () => guards.limiter.tallies,
    questions: () => questions.all,
  });
  return new Gateway(deps, { inForce, live, guards, sessions, upstreams, observers });
}

/** What a gateway consists of, before anything of it is open to anybody. */
interface GatewayParts {
  readonly inForce: InForce;
  readonly live: LiveAnswers;
  readonly guards: Guards;
  readonly sessions: GatewaySessions;
  readonly upstreams: UpstreamSet;
  readonly observers: Observers;
}

export class Gateway {
  readonly guards: Guards;
  readonly sessions: GatewaySessions;
  readonly upstreams: UpstreamSet;
  readonly observers: Observers;
  /** For wrapped sessions: the same policies and limits. */
  readonly plans: StdioPlans;
  readonly control: ConfigControl;
  readonly #deps: GatewayDeps;
  readonly #inForce: InForce;
  readonly #live: LiveAnswers;
  readonly #doors: DoorSet;
  readonly #admin: AdminDoor;
  readonly #takeover: Takeover;
  readonly #renewals: RenewalWatch;
  #isDraining = false;
  /** New requests are refused: what is under way is all there will be. */
  #isRefusing = false;

  constructor(deps: GatewayDeps, parts: GatewayParts) {
    const { clock, ids, logs } = deps;
    const { inForce, guards, observers } = parts;
    const { emit } = observers.hub;
    this.#deps = deps;
    this.#inForce = inForce;
    this.#live = parts.live;
    this.guards = guards;
    this.sessions = parts.sessions;
    this.upstreams = parts.upstreams;
    this.observers = observers;
    const pipelines = gatewayPipelines(deps, { ...parts, emit });
    this.#doors = new DoorSet({ clock, ids, log: logs.of('gateway') });
    this.#admin = this.#adminDoor();
    this.#takeover = new Takeover(deps, {
      ...parts,
      doors: this.#doors,
      admin: this.#admin,
      servingOf: (listener, config) => this.#servingOf(listener, config, pipelines),
    });
    this.plans = stdioPlans({
      run: pipelines.wrapped,
      ids,
      effectOn: serverName => guards.effectOn(serverName),
      judgeServer: (serverName, line) => judgeServerLine({ policies: guards.policies, clock, ids, emit }, serverName, line),
      onChanged: listener => this.#takeover.onTaken(listener),
    });
    this.control = new ConfigControl({
      dataDir: deps.dataDir,
      env: deps.env,
      clock,
      log: logs.of('config'),
      emit,
      checks: expressionChecks,
      take: (config, how) => this.#takeover.take(config, how),
    });
    this.#renewals = watchRenewals({
      log: logs.of('config'),
      inForce: () => inForce,
      resolve: text => deps.secrets.resolve(text),
      again: reason => this.control.again(reason),
    });
  }

  get clock(): Clock {
    return this.#deps.clock;
  }

  get config(): Config {
    return this.#inForce.config;
  }

  get logs(): ComponentLogs {
    return this.#deps.logs;
  }

  /** Names and addresses of what is served. */
  listening(): GatewayStatus['listeners'] {
    return [...this.#doors.listening()].map(({ config, origin }) => ({
      name: config.name,
      url: origin,
      routes: config.routes.map(({ path, upstream }) => ({ path, upstream })),
      auth: authWord(config),
    }));
  }

  /** What is in force and whether it is served: all that probes look at, who come often. */
  condition(): GatewayCondition {
    const { control } = this;
    const { inForce } = control;
    const listeners = this.listening();
    return {
      isRunning: listeners.length > 0,
      isDraining: this.#isDraining,
      ...(inForce === undefined ? {} : { configPath: control.path, configHash: inForce.hash, configuredAt: inForce.at }),
      configProblems: control.problems.map(({ line, path, message }) => `${placeOf(line, path)}${message}`),
      listeners,
    };
  }

  /** The same with what has to be reckoned for it: percentiles sort some thousand numbers. */
  status(): GatewayStatus {
    const { observers } = this;
    return {
      ...this.condition(),
      policyMode: this.config.policyMode,
      ...(this.#admin.url === undefined ? {} : { adminUrl: this.#admin.url }),
      sessionCount: this.sessions.table.count,
      counters: {
        ...observers.counters.counts,
        inFlight: Math.max(0, this.#live.pendingCount - this.#live.streamCount),
        openStreams: this.#live.streamCount,
      },
      durations: observers.metrics.percentiles(),
      policyHits: observers.counters.policyHits,
      changes: [...observers.counters.changes],
    };
  }

  /** The sequence of an orderly stop, except for closing: not ready, then no new connections, then what is under way. */
  async drain(times: Partial<DrainTimes> = {}): Promise<void> {
    const { readyDelay, finish } = this.config.shutdown;
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
    this.sessions.close();
    await this.guards.close();
    await this.#admin.close();
    if (this.#takeover.hasStarted)
      this.observers.hub.emit({ type: 'lifecycle', at: this.clock.now(), what: 'stopped', reason: 'the host stopped' });
    await this.observers.close();
  }

  #adminDoor(): AdminDoor {
    const { clock, dataDir, store, vault, logs } = this.#deps;
    const { guards, observers } = this;
    return new AdminDoor({
      reads: {
        clock,
        dataDir,
        status: () => this.condition(),
        store: () => store.stats(),
        isRecordRequired: () => this.config.recording.required,
        upstreams: () => this.upstreams.states(),
        issuers: () => guards.issuers(),
        audit: () => observers.audit.state(),
        others: () => (vault.problem === undefined ? [] : [vault.problem]),
        eventLoop: () => observers.eventLoop.delays(),
      },
      metrics: observers.metrics,
      actions: adminActions(this),
      emit: observers.hub.emit,
      clock,
      log: logs.of('gateway'),
    });
  }

  #servingOf(listener: ListenerConfig, config: Config, { guarded, open, stray }: GatewayPipelines): ListenerServing {
    return listenerServing(
      listener,
      {
        ids: this.#deps.ids,
        pipeline: guarded,
        openPipeline: open,
        strayPipeline: stray,
        // Looked up for each request: what is served changes before and after the upstreams do.
        upstreamFor: name => ({ name, send: exchange => this.upstreams.named(name).send(exchange), close: () => Promise.resolve() }),
        wellKnown: wellKnownAnswer,
        isDraining: () => this.#isRefusing,
        idleMs: config.sessions.idle,
      },
      this.sessions.keeper,
    );
  }
}

function placeOf(line: number, path: string): string {
  if (line > 0) return `line ${line}: `;
  return path === '' ? '' : `${path}: `;
}
