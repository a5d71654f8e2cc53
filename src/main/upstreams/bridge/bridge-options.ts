/** What a bridge is made of, and its bounds. */
import type { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Clock, Ids, Logger } from '../../ports.ts';
import type { OpenChannel } from './channel.ts';
import type { QuestionOutcome } from './question-tally.ts';

export interface BridgeOptions {
  /** For messages: `files/local`. */
  readonly name: string;
  readonly open: OpenChannel;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** Channels at once; for one more the idlest gives way (see `reclaim`), else it is refused. */
  readonly maxChannels: number;
  /** For the refusal: `processes that stdio.maxChildren allows`. */
  readonly channelsAre: string;
  /** A channel that nobody uses for this long is closed. */
  readonly idleMs: number;
  /** Requests of one session that wait at once. */
  readonly maxPending?: number;
  /** Starts of the shared channel per minute. */
  readonly maxRestarts?: number;
  /** Silence after which a client that takes an event stream gets one. */
  readonly silenceMs?: number;
  /** How long a server waits for its client's answer while that client neither listens nor waits for anything. */
  readonly goneMs?: number;
  /**
   * The channel of this session is to give way. Ends the session for its client; false when it is in use after all. Without it,
   * no channel gives way.
   */
  readonly reclaim?: (upstreamSessionId: string, reason: string) => boolean;
  /** A question of a server is over. */
  readonly onQuestionOver?: (outcome: QuestionOutcome) => void;
  /** A channel was refused: there are `maxChannels`. */
  readonly onRefused?: (reason: string) => void;
  /** A channel broke by itself; `isMissed`: while somebody waited for an answer on it. */
  readonly onBroke?: (error: TrafficError, isMissed: boolean) => void;
}
