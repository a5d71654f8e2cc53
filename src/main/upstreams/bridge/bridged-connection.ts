/**
 * Streamable HTTP in front of channels: one channel per session of the legacy era, whose handshake is the state of one
 * process, and one that all clients of the modern era share.
 */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { BoundSession } from '../../pipeline/guard.ts';
import type { Answer, Exchange } from '../../pipeline/stage.ts';
import { fieldValue } from '../../support/http-fields.ts';
import { noteAnswerForClient } from '../../traffic/answer-for-client.ts';
import type { Conversation } from '../../traffic/conversation.ts';
import { BridgeLine, messagesOf } from './bridge-line.ts';
import type { BridgeOptions } from './bridge-options.ts';
import { type BridgePace, paceOf } from './bridge-pace.ts';
import { HttpRefusal, type MessageChannel } from './channel.ts';
import { streamAnswer } from './event-stream.ts';
import { endIdlest, IDLE_BEFORE_RECLAIM_MS, type Reclaimable } from './idlest.ts';
import { Link, type Lane } from './link.ts';
import type { QuestionOutcome } from './question-tally.ts';
import { RestartGate } from './restart-gate.ts';
import { SessionLane } from './session-lane.ts';
import { SharedLane } from './shared-lane.ts';
import { emptyAnswer } from './whole-answer.ts';

const MAX_PENDING = 1000;
const MAX_RESTARTS = 10;
/** Who asks on a channel of its own. */
const THE_CLIENT = '';

type Session = BridgeLine<SessionLane>;
type SharedLine = BridgeLine<SharedLane>;

/** What a new channel is opened for. */
interface Opening<L extends Lane> {
  readonly exchange: Exchange;
  readonly lane: (link: Link) => L;
  readonly isModern: boolean;
  readonly conversation: () => Conversation | undefined;
  /** The channel broke by itself. */
  readonly broke: (error: TrafficError) => void;
  /** Asked once it is open: whether there is still somebody to use it. */
  readonly isWanted: () => boolean;
}

export class BridgedConnection {
  readonly #options: BridgeOptions;
  readonly #pace: BridgePace;
  readonly #sessions = new Map<string, Session>();
  readonly #restarts: RestartGate;
  #shared: Promise<SharedLine> | undefined;
  /** That of `#shared`, once it is open. */
  #sharedNow: SharedLine | undefined;
  #channelCount = 0;
  readonly #closing = new Set<Promise<void>>();
  #lastServerId = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: BridgeOptions) {
    this.#options = options;
    this.#pace = paceOf(options);
    this.#restarts = new RestartGate(options.clock, options.maxRestarts ?? MAX_RESTARTS);
  }

  /** Channels that are open, opening or closing. */
  get channelCount(): number {
    return this.#channelCount;
  }

  /** Answers as a Streamable HTTP server would. Rejects with a TrafficError when there is no answer. */
  async send(exchange: Exchange): Promise<Answer> {
    try {
      return await this.#serve(exchange);
    } catch (error) {
      if (error instanceof HttpRefusal) return emptyAnswer(error.status);
      throw error;
    }
  }

  async #serve(exchange: Exchange): Promise<Answer> {
    const { guard, request, departure } = exchange;
    if (guard === undefined) throw new TrafficError('INTERNAL', `${this.#options.name} is behind a bridge, which needs a guarded route.`);
    if (this.#isClosed) throw this.#shuttingDown(notSent);
    if (departure.hasHappened) throw new TrafficError('CANCELLED', 'The client left.');
    switch (request.method) {
      case 'POST':
        return guard.era === 'modern' ? this.#postShared(exchange, guard.principal.id) : this.#postLegacy(exchange, guard.session);
      case 'GET':
        return guard.session === undefined ? notAllowed('POST') : this.#listen(exchange, guard.session);
      case 'DELETE':
        return guard.session === undefined ? notAllowed('POST') : this.#delete(guard.session);
      default:
        return notAllowed('POST, GET, DELETE');
    }
  }

  /** Ends every channel and resolves when nothing of them is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    const gone = this.#shuttingDown({ may_have_executed: true });
    for (const [id, session] of this.#sessions) void this.#end(id, session, gone);
    const shared = this.#shared;
    this.#forgetShared();
    await shared?.then(
      line => this.#endLine(line, gone),
      () => undefined,
    );
    // Those that are still opening are closed as soon as they are open.
    while (this.#closing.size > 0) await Promise.all(this.#closing);
  }

  #postLegacy(exchange: Exchange, bound: BoundSession | undefined): Promise<Answer> {
    if (bound !== undefined) {
      const session = this.#session(bound);
      session.conversation = exchange.conversation;
      return session.post(exchange, THE_CLIENT);
    }
    if (!messagesOf(exchange).messages.some(({ method }) => method === 'initialize'))
      throw new TrafficError('BAD_REQUEST', 'The request belongs to no session: initialize first, then send its Mcp-Session-Id.', {
        facts: notSent,
      });
    return this.#initialize(exchange);
  }

  /** Opens a channel for a new session. Nobody gets its id unless the handshake succeeds. */
  async #initialize(exchange: Exchange): Promise<Answer> {
    const { ids, log } = this.#options;
    const id = `${ids.next()}${ids.next()}`;
    const session: Session = await this.#open({
      exchange,
      lane: link => new SessionLane(link, log),
      isModern: false,
      conversation: () => this.#sessions.get(id)?.conversation ?? exchange.conversation,
      broke: error => {
        this.#sessions.get(id)?.lane.stream?.fail(error);
        this.#sessions.delete(id);
      },
      isWanted: () => !exchange.departure.hasHappened,
    });
    session.conversation = exchange.conversation;
    this.#sessions.set(id, session);
    let hasFailed = false;
    const headers = (isError: boolean) => {
      hasFailed = isError;
      return isError ? [] : ['Mcp-Session-Id', id];
    };
    try {
      return await session.post(exchange, THE_CLIENT, headers);
    } catch (error) {
      hasFailed = true;
      throw error;
    } finally {
      // A server that refused the handshake, or whose client left before it, serves nobody.
      if (hasFailed) void this.#end(id, session, new TrafficError('SESSION_LOST', 'The handshake failed.'));
    }
  }

  #listen(exchange: Exchange, bound: BoundSession): Answer {
    const session = this.#session(bound);
    const accept = fieldValue(exchange.request.rawHeaders, 'accept')?.toLowerCase() ?? '';
    if (!accept.includes('text/event-stream')) return emptyAnswer(406);
    session.conversation = exchange.conversation;
    session.lastUsedUs = this.#options.clock.monotonicUs();
    return streamAnswer(session.lane.open());
  }

  #delete(bound: BoundSession): Answer {
    const session = this.#session(bound);
    void this.#end(bound.upstreamSessionId, session, new TrafficError('SESSION_LOST', 'The client ended its session.'));
    return emptyAnswer(204);
  }

  #session({ upstreamSessionId }: BoundSession): Session {
    const session = this.#sessions.get(upstreamSessionId);
    if (session === undefined) throw new TrafficError('SESSION_LOST', `The session at ${this.#options.name} is over.`, { facts: notSent });
    return session;
  }

  async #postShared(exchange: Exchange, principalId: string): Promise<Answer> {
    // Ids that two clients choose alike must not meet, not even for a cancellation.
    const asker = `${principalId} ${exchange.conversation.id}`;
    const line = await this.#sharedLine(exchange);
    if (exchange.departure.hasHappened) throw new TrafficError('CANCELLED', 'The client left.');
    line.lane.seen(asker);
    return line.post(exchange, asker);
  }

  #sharedLine(exchange: Exchange): Promise<SharedLine> {
    // It is needed from now on, though what it is asked comes a moment later.
    if (this.#sharedNow !== undefined) this.#sharedNow.lastUsedUs = this.#options.clock.monotonicUs();
    if (this.#shared !== undefined) return this.#shared;
    const opening = this.#openShared(exchange);
    this.#shared = opening;
    opening.then(
      line => {
        if (this.#shared === opening) this.#sharedNow = line;
      },
      () => {
        if (this.#shared === opening) this.#forgetShared();
      },
    );
    return opening;
  }

  async #openShared(exchange: Exchange): Promise<SharedLine> {
    const { clock, log, name } = this.#options;
    const openedUs = clock.monotonicUs();
    this.#restarts.pass(name);
    try {
      return await this.#open({
        exchange,
        lane: link => new SharedLane(link, log),
        isModern: true,
        conversation: () => undefined,
        broke: () => {
          this.#restarts.failed(clock.monotonicUs() - openedUs);
          this.#forgetShared();
        },
        isWanted: () => true,
      });
    } catch (error) {
      if (error instanceof TrafficError && error.code === 'UPSTREAM_DOWN') this.#restarts.failed(0);
      throw error;
    }
  }

  async #open<L extends Lane>(opening: Opening<L>): Promise<BridgeLine<L>> {
    const { maxChannels, maxPending = MAX_PENDING, name, open, onBroke, onQuestionOver, clock, log } = this.#options;
    // Where several wait for room, what one made may be taken by another.
    while (this.#channelCount >= maxChannels) await this.#makeRoom();
    if (this.#isClosed) throw this.#shuttingDown(notSent);
    const uncount = this.#count();
    const nextServerId = () => String((this.#lastServerId += 1));
    const answeredOurselves = (text: string) => this.#noteOwnAnswer(opening.conversation(), text);
    const questionOver = (outcome: QuestionOutcome) => onQuestionOver?.(outcome);
    const link = new Link({ maxPending, nextServerId, answeredOurselves, questionOver, log, facts: { upstream: name } });
    const lane = opening.lane(link);
    link.deliverTo(lane);
    const closed = (error: TrafficError, cleaned: Promise<void>) => {
      uncount();
      void this.#track(cleaned);
      const isMissed = link.replies.size > 0;
      opening.broke(error);
      link.fail(error);
      onBroke?.(error, isMissed);
    };
    const purpose = { conversation: opening.conversation, exchange: opening.exchange };
    let channel: MessageChannel;
    try {
      const opened = open({ message: bytes => link.received(bytes), closed }, purpose);
      // A connection that is closed meanwhile waits for it: what was started must not outlive it.
      void this.#track(
        opened.then(
          () => undefined,
          () => undefined,
        ),
      );
      channel = await opened;
    } catch (error) {
      uncount();
      throw error;
    }
    link.attach(channel);
    const line = new BridgeLine({ link, lane, channel, clock, isModern: opening.isModern, closed: uncount });
    if (!this.#isClosed && opening.isWanted()) return line;
    void this.#track(line.close());
    throw this.#isClosed ? this.#shuttingDown(notSent) : new TrafficError('CANCELLED', 'The client left.');
  }

  /** Counts a channel that is being opened; what it gives back takes it out of the count, once. */
  #count(): () => void {
    this.#channelCount += 1;
    this.#timer ??= setInterval(() => this.#tick(), this.#pace.tickMs).unref();
    let isCounted = true;
    return () => {
      if (isCounted) this.#channelCount -= 1;
      isCounted = false;
    };
  }

  /** Ends the channel that has been idle for longest; resolves when it is gone. Throws UNAVAILABLE where none may go. */
  #makeRoom(): Promise<void> {
    const { maxChannels, name, channelsAre, reclaim, onRefused, clock } = this.#options;
    const went = endIdlest(reclaim === undefined ? [] : this.#reclaimable(reclaim), clock.monotonicUs());
    if (went.closed !== undefined) return went.closed;
    const remedy = reclaim === undefined ? '' : ` One that nobody uses for ${IDLE_BEFORE_RECLAIM_MS / 1000} s gives way.`;
    const reason = `${name} has all ${maxChannels} ${channelsAre} in use.${remedy}`;
    onRefused?.(reason);
    throw new TrafficError('UNAVAILABLE', reason, { facts: { ...notSent, state: 'full', retry_after_ms: went.waitMs } });
  }

  #reclaimable(reclaim: (upstreamSessionId: string, reason: string) => boolean): Reclaimable[] {
    const { maxChannels, name, channelsAre, log } = this.#options;
    const why = (idleS: number) => `idle for ${idleS} s, and gave way to another: ${name} had all ${maxChannels} ${channelsAre} in use`;
    const all: Reclaimable[] = [...this.#sessions].map(([id, session]) => ({
      lastUsedUs: session.lastUsedUs,
      isBusy: isBusy(session),
      end: idleS =>
        reclaim(id, why(idleS)) ? this.#end(id, session, new TrafficError('SESSION_LOST', 'The session gave way to another.')) : undefined,
    }));
    const shared = this.#sharedNow;
    if (shared === undefined) return all;
    const end = (idleS: number) => {
      this.#forgetShared();
      log.info('The shared channel was closed', { upstream: name, reason: why(idleS) });
      return this.#endLine(shared, new TrafficError('SHUTTING_DOWN', 'The server gave way to another.'));
    };
    return [...all, { lastUsedUs: shared.lastUsedUs, isBusy: shared.link.replies.size > 0, end }];
  }

  #forgetShared(): void {
    this.#shared = undefined;
    this.#sharedNow = undefined;
  }

  #end(id: string, session: Session, why: TrafficError): Promise<void> {
    if (this.#sessions.get(id) === session) this.#sessions.delete(id);
    session.lane.stream?.end();
    return this.#endLine(session, why);
  }

  #endLine(line: BridgeLine, why: TrafficError): Promise<void> {
    line.link.fail(why);
    return this.#track(line.close());
  }

  /** Never rejects. */
  #track(closing: Promise<void>): Promise<void> {
    const tracked: Promise<void> = closing
      .catch((error: unknown) => this.#options.log.warn('A channel did not close', { upstream: this.#options.name, error: String(error) }))
      .finally(() => this.#closing.delete(tracked));
    this.#closing.add(tracked);
    return tracked;
  }

  #noteOwnAnswer(conversation: Conversation | undefined, text: string): void {
    const { clock, log, name } = this.#options;
    try {
      if (conversation !== undefined) noteAnswerForClient(conversation, clock, { bytes: Buffer.from(text), flags: ['own-error'] });
    } catch (error) {
      log.warn('An answer of ours was not recorded', { upstream: name, error: String(error) });
    }
  }

  #tick(): void {
    const nowUs = this.#options.clock.monotonicUs();
    for (const [id, session] of this.#sessions) {
      session.link.tick(this.#pace);
      if (isBusy(session)) session.lastUsedUs = nowUs;
      else if (this.#isIdle(session, nowUs))
        void this.#end(id, session, new TrafficError('SESSION_LOST', 'The session was idle for too long.'));
    }
    void this.#shared?.then(
      line => this.#tickShared(line, nowUs),
      () => undefined,
    );
  }

  #tickShared(line: SharedLine, nowUs: number): void {
    line.link.tick(this.#pace);
    if (line.link.replies.size > 0) line.lastUsedUs = nowUs;
    else if (this.#isIdle(line, nowUs) && this.#shared !== undefined) {
      this.#forgetShared();
      void this.#endLine(line, new TrafficError('SHUTTING_DOWN', 'The server was idle for too long.'));
    }
  }

  #shuttingDown(facts: Readonly<Record<string, unknown>>): TrafficError {
    return new TrafficError('SHUTTING_DOWN', `${this.#options.name} is being closed.`, { facts });
  }

  #isIdle(line: BridgeLine, nowUs: number): boolean {
    return nowUs - line.lastUsedUs > this.#options.idleMs * 1000;
  }
}

/** It has an open GET stream, or somebody waits for an answer. */
function isBusy({ lane, link }: Session): boolean {
  return lane.stream?.isOpen === true || link.replies.size > 0;
}

const notSent = { may_have_executed: false } as const;

/** 405 tells a client of the legacy era that there is no stream to be had, and one of the modern era that there is none any more. */
function notAllowed(allowed: string): Answer {
  return emptyAnswer(405, ['Allow', allowed]);
}
