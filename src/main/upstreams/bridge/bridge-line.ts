/** One channel in use: how a POST is split into messages for it and answered, for one session or for many clients. */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Answer, Exchange } from '../../pipeline/stage.ts';
import type { Clock } from '../../ports.ts';
import type { Conversation } from '../../traffic/conversation.ts';
import type { MessageChannel } from './channel.ts';
import type { Lane, Link } from './link.ts';
import { batchElements, scanMessage, type ScannedMessage } from './message-scan.ts';
import { PostReply } from './post-reply.ts';
import { emptyAnswer } from './whole-answer.ts';

export interface LineOptions<L extends Lane> {
  readonly link: Link;
  readonly lane: L;
  readonly channel: MessageChannel;
  readonly clock: Clock;
  /** 2026-07-28: HTTP statuses follow error codes, and a client that leaves calls its requests off. */
  readonly isModern: boolean;
  /** It was closed, and nothing of it is left. */
  readonly closed: () => void;
}

export class BridgeLine<L extends Lane = Lane> {
  readonly link: Link;
  readonly lane: L;
  readonly #channel: MessageChannel;
  readonly #closed: () => void;
  readonly #clock: Clock;
  readonly #isModern: boolean;
  /** The newest conversation that used it. */
  conversation: Conversation | undefined;
  /** Monotonic µs. */
  lastUsedUs: number;
  #fullCount = 0;

  constructor({ link, lane, channel, clock, isModern, closed }: LineOptions<L>) {
    this.link = link;
    this.lane = lane;
    this.#channel = channel;
    this.#closed = closed;
    this.#clock = clock;
    this.#isModern = isModern;
    this.lastUsedUs = clock.monotonicUs();
  }

  /** Answers one POST. `headers` are asked for when the answer begins. */
  post(exchange: Exchange, asker: string, headers: (isError: boolean) => readonly string[] = () => []): Promise<Answer> {
    this.lastUsedUs = this.#clock.monotonicUs();
    const { messages, isBatch } = messagesOf(exchange);
    const requests = messages.filter(({ kind }) => kind === 'request');
    const fields = exchange.request.rawHeaders;
    if (requests.length === 0) return this.#tellAll(messages, asker, fields);
    const reply: PostReply = new PostReply({
      requestHeaders: fields,
      idTexts: requests.map(({ id }) => id?.text ?? 'null'),
      isBatch,
      statusOf: (answer, isError) => (this.#isModern && isError ? modernStatus(answer) : 200),
      headers,
      onLeft: () => this.link.abandon(reply, this.#isModern),
      ...(this.#isModern ? {} : { onFull: isFull => this.#fill(isFull) }),
    });
    exchange.departure.listener = () => reply.left();
    const heard = () => (exchange.departure.listener = undefined);
    reply.answer.then(heard, heard);
    for (const message of messages) {
      if (reply.isOver) break;
      if (message.kind === 'request') this.link.ask(message, { reply, asker, fields });
      else this.link.tell(message, asker, fields)?.catch(() => undefined);
    }
    return reply.answer;
  }

  close(): Promise<void> {
    return this.#channel.close().finally(this.#closed);
  }

  async #tellAll(messages: readonly ScannedMessage[], asker: string, fields: readonly string[]): Promise<Answer> {
    for (const message of messages) await this.link.tell(message, asker, fields);
    return emptyAnswer(202);
  }

  /** A client that reads slowly makes its own server wait. */
  #fill(isFull: boolean): void {
    this.#fullCount += isFull ? 1 : -1;
    if (isFull && this.#fullCount === 1) this.#channel.pause();
    else if (!isFull && this.#fullCount === 0) this.#channel.resume();
  }
}

/** The messages of a body. Throws BAD_REQUEST where it is none: a guarded route has checked it before. */
export function messagesOf({ request }: Exchange): { readonly messages: readonly ScannedMessage[]; readonly isBatch: boolean } {
  const { body } = request;
  if (body.kind !== 'whole') throw new TrafficError('BAD_REQUEST', 'A server behind a bridge takes JSON-RPC messages only.');
  const { buffer, byteOffset, byteLength } = body.bytes;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const elements = batchElements(bytes);
  const messages: ScannedMessage[] = [];
  for (const element of elements ?? [trimmed(bytes)]) {
    const message = scanMessage(element);
    if (message === undefined) throw new TrafficError('BAD_REQUEST', 'The body is no JSON-RPC message.');
    messages.push(message);
  }
  if (messages.length === 0) throw new TrafficError('BAD_REQUEST', 'The batch is empty.');
  return { messages, isBatch: elements !== undefined };
}

/** Spaces around a message belong to the body, not to it. */
function trimmed(bytes: Buffer): Buffer {
  let from = 0;
  let to = bytes.length;
  while (from < to && isSpace(bytes[from])) from += 1;
  while (to > from && isSpace(bytes[to - 1])) to -= 1;
  return bytes.subarray(from, to);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** 2026-07-28, Streamable HTTP: these errors have a status of their own. */
const statusByCode: Readonly<Record<number, number>> = { [-32601]: 404, [-32020]: 400, [-32021]: 400, [-32022]: 400 };

function modernStatus(answer: Buffer): number {
  const { error } = JSON.parse(answer.toString('utf8')) as { error?: { code?: unknown } };
  return (typeof error?.code === 'number' ? statusByCode[error.code] : undefined) ?? 200;
}
