/**
 * Turns what clients ask into messages on one channel, and what comes back into answers: ids and tokens are replaced on the
 * way, in both directions, and nothing else.
 */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Logger } from '../../ports.ts';
import { AskedRequests, type Asked } from './asked.ts';
import type { BridgePace } from './bridge-pace.ts';
import { HttpRefusal, type MessageChannel } from './channel.ts';
import { batchElements, scanMessage, type ScannedMessage, type Slot } from './message-scan.ts';
import type { PostReply } from './post-reply.ts';
import type { QuestionOutcome } from './question-tally.ts';
import { ServerRequests, type ServerRequest } from './server-asked.ts';
import { splice } from './splice.ts';

/** Where messages of the server go that are no answers. */
export interface Lane {
  /** False where clients share the channel (2026-07-28: servers send no requests). */
  readonly takesRequests: boolean;
  /** Somebody listens, or waits for an answer. */
  readonly isHeard: boolean;
  /** `about`: the request that the message belongs to, where that is known. `question`: of a request, the id that its answer will have. */
  deliver(message: Buffer, about: Asked | undefined, question?: string): void;
  /** The question is answered: it needs not be delivered any more. */
  withdraw(question: string): void;
}

export interface LinkOptions {
  readonly maxPending: number;
  /** JSON text of a number that was never given before; one counter for all channels of an upstream instance. */
  readonly nextServerId: () => string;
  readonly log: Logger;
  /** A question of the server was answered by ourselves; the id is that of the question as it was delivered. */
  readonly answeredOurselves: (text: string) => void;
  /** A question of the server is over. Called once for each. */
  readonly questionOver: (outcome: QuestionOutcome) => void;
  /** For log lines: upstream, instance. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Ticks between a client's cancellation and the end of the stream that waits for its answer: an answer under way may still come. */
const CALLED_OFF_TICKS = 2;
/** The first stray message and then every thousandth are logged. */
const LOG_EVERY = 1000;

export class Link {
  readonly asked: AskedRequests;
  /** Oldest first. */
  readonly replies = new Set<PostReply>();
  readonly #options: LinkOptions;
  readonly #serverAsked: ServerRequests;
  #channel: MessageChannel | undefined;
  #lane: Lane | undefined;
  #strayCount = 0;
  #unheardCount = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.asked = new AskedRequests(options.maxPending);
    this.#serverAsked = new ServerRequests(options.nextServerId);
  }

  /** What the server sends from now on goes there. */
  deliverTo(lane: Lane): void {
    this.#lane = lane;
  }

  /** Once it is open. */
  attach(channel: MessageChannel): void {
    this.#channel = channel;
  }

  /** A request of a client. Sends it; what is wrong with the channel fails the reply. */
  ask(message: ScannedMessage, from: { readonly reply: PostReply; readonly asker: string; readonly fields: readonly string[] }): void {
    const { reply, asker, fields } = from;
    const clientId = message.id as Slot;
    const token = message.metaToken;
    let asked: Asked | undefined;
    const failed = (error: unknown) => {
      if (asked !== undefined) this.asked.settle(asked);
      this.replies.delete(reply);
      if (error instanceof HttpRefusal) reply.refused(error);
      else reply.fail(asTrafficError(error));
    };
    try {
      asked = this.asked.add({ clientId, token, asker, isListen: message.method === 'subscriptions/listen', reply });
      this.replies.add(reply);
      const { ourId } = asked;
      const replacements = [[clientId, ourId] as const, [token, ourId] as const];
      this.#open().send(splice(message, replacements), fields)?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** A notification or an answer of a client. Resolves once it was handed over, or left out because nothing waits for it. */
  tell(message: ScannedMessage, asker: string, fields: readonly string[]): Promise<void> | undefined {
    const bytes = message.kind === 'notification' ? this.#notificationOut(message, asker) : this.#answerOut(message);
    if (bytes === undefined) {
      this.#stray(`The client sent ${message.method === '' ? 'an answer' : message.method} about a request that is not open`);
      return undefined;
    }
    return this.#open().send(bytes, fields);
  }

  /** One message, or a batch of them, from the server. */
  received(bytes: Buffer): void {
    const elements = batchElements(bytes) ?? [bytes];
    for (const element of elements) {
      const message = scanMessage(element);
      if (message === undefined) this.#stray('The server sent JSON that is no JSON-RPC message');
      else this.#receivedOne(message);
    }
  }

  /** The client of a reply left. `isCancel`: that means that it wants no answer (2026-07-28). */
  abandon(reply: PostReply, isCancel: boolean): void {
    this.replies.delete(reply);
    for (const asked of this.asked.of(reply)) {
      asked.reply = undefined;
      if (!isCancel) continue;
      this.asked.settle(asked);
      this.#cancel(asked);
    }
  }

  /** The channel is gone: nothing that was asked will be answered. */
  fail(error: TrafficError): void {
    this.asked.clear();
    for (const reply of this.replies) reply.fail(error);
    this.replies.clear();
    for (const question of this.#serverAsked.all()) this.#settleQuestion(question, 'lost');
  }

  /** Called at that pace. */
  tick({ silentTicks, goneTicks }: Omit<BridgePace, 'tickMs'>): void {
    for (const asked of this.asked.all()) {
      if (asked.calledOffTicks === undefined || asked.reply === undefined) continue;
      asked.calledOffTicks += 1;
      if (asked.calledOffTicks < CALLED_OFF_TICKS) continue;
      asked.reply.calledOff();
      asked.reply = undefined;
    }
    for (const reply of this.replies)
      if (reply.isOver) this.replies.delete(reply);
      else reply.tick(silentTicks);
    for (const question of this.#serverAsked.all()) {
      question.unheardTicks = this.#lane?.isHeard === true ? 0 : question.unheardTicks + 1;
      if (question.unheardTicks > goneTicks) this.#answerUnheard(question, 'The client that was asked is gone.');
    }
  }

  /** A question that was delivered to nobody. The server need not wait for an answer that will not come. */
  unheard(ourId: string, reason: string): void {
    const question = this.#serverAsked.find(ourId);
    if (question !== undefined) this.#answerUnheard(question, reason);
  }

  #receivedOne(message: ScannedMessage): void {
    switch (message.kind) {
      case 'result':
      case 'error':
        this.#answerIn(message);
        return;
      case 'request':
        this.#requestIn(message);
        return;
      case 'notification':
        this.#notificationIn(message);
    }
  }

  #answerIn(message: ScannedMessage): void {
    const id = message.id as Slot;
    // JSON-RPC 2.0, section 5.1: an error about a request that could not be read has a null id.
    const asked = id.key === 'null' && message.kind === 'error' ? this.asked.sole() : this.asked.find(id.key);
    if (asked === undefined) {
      this.#stray('The server answered a request that is not open');
      return;
    }
    this.asked.settle(asked);
    const { reply, clientId } = asked;
    if (reply === undefined) return;
    const { subscriptionId } = message;
    const isOfThis = subscriptionId !== undefined && this.asked.sameId(subscriptionId.key, asked);
    const bytes = splice(message, [[id, clientId.text], ...(isOfThis ? [[subscriptionId, clientId.text] as const] : [])]);
    reply.answered(clientId.text, bytes, message.kind === 'error');
    if (reply.isOver) this.replies.delete(reply);
  }

  #requestIn(message: ScannedMessage): void {
    const id = message.id as Slot;
    if (this.#lane?.takesRequests !== true) {
      this.#stray('The server asked its client something on a channel that clients share');
      const error = '{"code":-32601,"message":"Requests of the server have no client here."}';
      this.#sendOwn(`{"jsonrpc":"2.0","id":${id.text},"error":${error}}`);
      this.#options.questionOver('refused');
      return;
    }
    const oldest = this.#serverAsked.oldestOfFull;
    if (oldest !== undefined) this.#answerUnheard(oldest, 'The client that was asked leaves too many questions open.');
    const { ourId } = this.#serverAsked.add(id, message.metaToken);
    const bytes = splice(message, [
      [id, ourId],
      [message.metaToken, ourId],
    ]);
    // A server over standard streams cannot say for which request it asks; while there is one, it is that one.
    this.#lane?.deliver(bytes, this.asked.sole(), ourId);
  }

  #answerUnheard(question: ServerRequest, reason: string): void {
    this.#settleQuestion(question, 'client-gone');
    this.#lane?.withdraw(question.ourId);
    const { log, facts, answeredOurselves } = this.#options;
    const error = JSON.stringify({ code: 50300, message: `${reason} Nobody answers for it.`, data: { reason: 'CLIENT_GONE' } });
    const textFor = (id: string) => `{"jsonrpc":"2.0","id":${id},"error":${error}}`;
    answeredOurselves(textFor(question.ourId));
    this.#sendOwn(textFor(question.serverId.text));
    this.#unheardCount += 1;
    if (this.#unheardCount % LOG_EVERY === 1)
      log.info('A question of the server was answered for its client', { ...facts, reason, count: this.#unheardCount });
  }

  #settleQuestion(question: ServerRequest, outcome: QuestionOutcome): void {
    this.#serverAsked.settle(question);
    this.#options.questionOver(outcome);
  }

  #notificationIn(message: ScannedMessage): void {
    const { method, reportToken, requestId, subscriptionId } = message;
    if (method === 'notifications/progress' && reportToken !== undefined) {
      const token = this.asked.token(reportToken.key);
      if (token === undefined) this.#stray('The server reported progress that nobody asked for');
      else this.#lane?.deliver(splice(message, [[reportToken, token.text]]), token.asked);
      return;
    }
    if (method === 'notifications/cancelled' && requestId !== undefined) {
      this.#cancelledIn(message, requestId);
      return;
    }
    if (subscriptionId === undefined) {
      this.#lane?.deliver(message.bytes, undefined);
      return;
    }
    const asked = this.asked.find(subscriptionId.key);
    if (asked === undefined) this.#stray('The server notified a subscription that is not open');
    else this.#lane?.deliver(splice(message, [[subscriptionId, asked.clientId.text]]), asked);
  }

  /** A server takes back a question of its own, or ends a subscription (2026-07-28). */
  #cancelledIn(message: ScannedMessage, requestId: Slot): void {
    const own = this.#lane?.takesRequests === true ? this.#serverAsked.findByServer(requestId.key) : undefined;
    if (own !== undefined) {
      // MCP, cancellation: whoever called a request off ignores what is still said about it.
      this.#settleQuestion(own, 'cancelled');
      this.#lane?.deliver(splice(message, [[requestId, own.ourId]]), undefined);
      return;
    }
    const asked = this.asked.find(requestId.key);
    if (asked === undefined) {
      this.#stray('The server called off something that is not open');
      return;
    }
    const { text } = asked.clientId;
    const replacements = [[requestId, text] as const, [message.subscriptionId, text] as const];
    this.#lane?.deliver(splice(message, replacements), asked);
    if (!asked.isListen) return;
    this.asked.settle(asked);
    asked.reply?.ended();
  }

  #notificationOut(message: ScannedMessage, asker: string): Buffer | undefined {
    const { method, requestId, reportToken } = message;
    if (method === 'notifications/cancelled' && requestId !== undefined) {
      const asked = this.asked.findByClient(asker, requestId.key);
      if (asked === undefined) return undefined;
      asked.calledOffTicks ??= 0;
      return splice(message, [[requestId, asked.ourId]]);
    }
    if (method !== 'notifications/progress' || reportToken === undefined) return message.bytes;
    const token = this.#serverAsked.find(reportToken.key)?.token;
    return token === undefined ? undefined : splice(message, [[reportToken, token.text]]);
  }

  #answerOut(message: ScannedMessage): Buffer | undefined {
    const id = message.id as Slot;
    const request = this.#serverAsked.find(id.key);
    if (request === undefined) return undefined;
    this.#settleQuestion(request, 'answered');
    return splice(message, [[id, request.serverId.text]]);
  }

  #cancel({ ourId }: Asked): void {
    this.#sendOwn(
      `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${ourId},"reason":"The client closed its stream."}}`,
    );
  }

  /** A message of ours. Where the channel is gone there is nobody to tell. */
  #sendOwn(text: string): void {
    try {
      this.#open()
        .send(Buffer.from(text))
        ?.catch(() => undefined);
    } catch {
      return;
    }
  }

  #open(): MessageChannel {
    if (this.#channel !== undefined) return this.#channel;
    throw new TrafficError('UPSTREAM_DOWN', 'The server is not there yet.', { facts: { may_have_executed: false } });
  }

  #stray(what: string): void {
    this.#strayCount += 1;
    const { log, facts } = this.#options;
    if (this.#strayCount % LOG_EVERY === 1) log.info(`${what}; it was left out`, { ...facts, count: this.#strayCount });
  }
}

function asTrafficError(error: unknown): TrafficError {
  if (error instanceof TrafficError) return error;
  return new TrafficError('INTERNAL', 'A message could not be handed over.', { cause: error, facts: { may_have_executed: false } });
}
