/** An instance that speaks HTTP+SSE (2024-11-05): one stream per client session, bridged to Streamable HTTP. */
import type { Clock, Ids, Logger } from '../../ports.ts';
import { BridgedConnection } from '../bridge/bridged-connection.ts';
import type { QuestionTally } from '../bridge/question-tally.ts';
import type { InstanceConnection } from '../instance-connection.ts';
import { openSseChannel } from './sse-channel.ts';

export interface HttpSseConnectionOptions {
  readonly upstreamName: string;
  readonly instanceId: string;
  /** Of the stream (`…/sse`). */
  readonly url: string;
  /** Connections to the same URL; this connection owns them from here on and closes them. */
  readonly http: InstanceConnection;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** Streams at once; one more session is refused. */
  readonly maxStreams?: number;
  /** A session that nobody uses for this long is closed. */
  readonly idleMs?: number;
  /** How long a stream may take to name the address for POSTs. */
  readonly endpointMs?: number;
  /** Requests of one session that wait at once. */
  readonly maxPending?: number;
  /** Silence after which a client that takes an event stream gets one. */
  readonly silenceMs?: number;
  /** How long a server waits for its client's answer while that client neither listens nor waits for anything. */
  readonly goneMs?: number;
  /** Counts what becomes of the questions of the server. */
  readonly questions?: QuestionTally;
}

const MAX_STREAMS = 1000;
const IDLE_MS = 3_600_000;
const ENDPOINT_MS = 10_000;

/**
 * A stream that ends takes its session along (SESSION_LOST): the server's state was bound to it. Credentials are those of the
 * exchanges: that which opens a session for its stream, and each one's own for its POST.
 */
export function httpSseConnection(options: HttpSseConnectionOptions): InstanceConnection {
  const { upstreamName, instanceId, http, clock, ids, log, maxPending, silenceMs, goneMs, questions } = options;
  const { maxStreams = MAX_STREAMS, idleMs = IDLE_MS, endpointMs = ENDPOINT_MS } = options;
  const name = `${upstreamName}/${instanceId}`;
  const url = new URL(options.url);
  const exitListeners: ((reason: string) => void)[] = [];
  const bridge = new BridgedConnection({
    name,
    open: (events, { exchange }) => openSseChannel({ url, http, name, log, endpointMs }, events, exchange),
    clock,
    ids,
    log,
    maxChannels: maxStreams,
    channelsAre: 'streams that a gateway opens to it',
    idleMs,
    ...(maxPending === undefined ? {} : { maxPending }),
    ...(silenceMs === undefined ? {} : { silenceMs }),
    ...(goneMs === undefined ? {} : { goneMs }),
    onQuestionOver: outcome => questions?.count(upstreamName, outcome),
    // A stream that ends while nobody waits, or a session that the server forgot, is no failure of it.
    onBroke(error, isMissed) {
      if (isMissed && error.code !== 'SESSION_LOST') for (const listener of exitListeners) listener(error.message);
    },
  });
  return {
    send: exchange => bridge.send(exchange),
    async close() {
      await bridge.close();
      await http.close();
    },
    connections: () => http.connections(),
    childCount: () => 0,
    onExit: listener => void exitListeners.push(listener),
  };
}
