/** An instance that is a command: children are started as sessions need them, and bridged to Streamable HTTP. */
import type { InstanceConfig, UpstreamConfig } from '../../../shared/config/schema.ts';
import type { EmitEvent, GatewayEventOf } from '../../../shared/model/gateway-event.ts';
import type { Clock, Ids, Logger } from '../../ports.ts';
import { BridgedConnection } from '../bridge/bridged-connection.ts';
import type { QuestionTally } from '../bridge/question-tally.ts';
import type { InstanceConnection } from '../instance-connection.ts';
import { childEnvironment } from './child-environment.ts';
import { openChildChannel } from './child-channel.ts';

export interface StdioConnectionOptions {
  readonly upstreamName: string;
  /** Its `command`, `args` and `cwd`; `env` is taken from `resolvedEnv`. */
  readonly instance: InstanceConfig;
  readonly config: UpstreamConfig['stdio'];
  /** The configured variables with their secrets. */
  readonly resolvedEnv: Readonly<Record<string, string>>;
  /** The environment of this process; a child gets of it what programs need to run at all. */
  readonly ownEnv: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly emit: EmitEvent;
  /** A session's child is to give way to another. Ends the session for its client; false when it is in use after all. */
  readonly reclaim?: (upstreamSessionId: string, reason: string) => boolean;
  /** Requests of one session that wait at once. */
  readonly maxPending?: number;
  /** Silence after which a client that takes an event stream gets one. */
  readonly silenceMs?: number;
  /** How long a server waits for its client's answer while that client neither listens nor waits for anything. */
  readonly goneMs?: number;
  /** Counts what becomes of the questions of the server. */
  readonly questions?: QuestionTally;
}

/**
 * Legacy sessions have a child each; clients of the modern era share one. At most `maxChildren` run at once; for one
 * more, one that was idle for long gives way (`reclaim`), else it is UNAVAILABLE. A child that ends by itself fails what it was asked (UPSTREAM_BROKE) and its session is lost (SESSION_LOST).
 */
export function stdioConnection(options: StdioConnectionOptions): InstanceConnection {
  const { upstreamName, instance, config, resolvedEnv, ownEnv, clock, ids, log, emit, reclaim, maxPending, silenceMs, goneMs, questions } =
    options;
  const { command, args, cwd } = instance;
  if (command === undefined) throw new Error(`${upstreamName}/${instance.id} has no command.`);
  const name = `${upstreamName}/${instance.id}`;
  const env = childEnvironment(ownEnv, resolvedEnv, process.platform === 'win32');
  const exitListeners: ((reason: string) => void)[] = [];
  const tell = (what: GatewayEventOf<'child'>['what'], reason: string, pid?: number) => {
    emit({
      type: 'child',
      at: clock.now(),
      upstream: upstreamName,
      instance: instance.id,
      what,
      reason,
      ...(pid === undefined ? {} : { pid }),
    });
  };
  const start = { command, args, env, stopMs: config.stop, ...(cwd === undefined ? {} : { cwd }) };
  const bridge = new BridgedConnection({
    name,
    open: (events, purpose) => openChildChannel({ start, name, clock, log, told: tell }, events, purpose),
    clock,
    ids,
    log,
    maxChannels: config.maxChildren,
    channelsAre: 'processes that stdio.maxChildren allows',
    ...(reclaim === undefined ? {} : { reclaim }),
    idleMs: config.idle,
    ...(maxPending === undefined ? {} : { maxPending }),
    ...(silenceMs === undefined ? {} : { silenceMs }),
    ...(goneMs === undefined ? {} : { goneMs }),
    onQuestionOver: outcome => questions?.count(upstreamName, outcome),
    onRefused: reason => tell('refused', reason),
    onBroke: error => {
      for (const listener of exitListeners) listener(error.message);
    },
  });
  return {
    send: exchange => bridge.send(exchange),
    close: () => bridge.close(),
    connections: () => ({ open: 0, idle: 0 }),
    childCount: () => bridge.channelCount,
    onExit: listener => void exitListeners.push(listener),
  };
}
