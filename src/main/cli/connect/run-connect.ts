/** Lines from stdin to the server and back, until stdin ends or we are told to stop. */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { LineReader } from '../../support/line-reader.ts';
import { isMethod, readLine, type ClientLine } from './client-line.ts';
import type { HttpClient } from './http-client.ts';
import { HttpSse } from './http-sse.ts';
import type { LineOutput } from './line-output.ts';
import { StreamableHttp } from './streamable-http.ts';
import type { Transport } from './transport.ts';
import { Waiting } from './waiting.ts';

export interface ConnectOptions {
  readonly url: URL;
  readonly http: HttpClient;
  readonly stdin: Readable;
  readonly output: LineOutput;
  /** Resolves when we shall end at once. */
  readonly stopped: Promise<void>;
}

/** What pending requests get once stdin has ended. */
const FINISH_MS = 10_000;
/** Beyond it the client is not a client: it would fill our memory with one line. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
/** Requests at once; beyond them stdin is not read until one is answered. */
const MAX_WAITING = 1000;

/** Resolves when all is said and closed. */
export async function runConnect(options: ConnectOptions): Promise<void> {
  const { stdin, output, stopped } = options;
  const desk = new Desk(options);
  const ended = Promise.withResolvers<void>();
  const reader = new LineReader(
    {
      line: bytes => desk.line(bytes),
      tooLong() {
        output.remark(`a line of more than ${MAX_LINE_BYTES} bytes was sent; it ends here`);
        ended.resolve();
      },
    },
    MAX_LINE_BYTES,
  );
  stdin.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    if (desk.isFull) stdin.pause();
  });
  stdin.on('end', () => {
    reader.finish();
    ended.resolve();
  });
  stdin.on('error', () => ended.resolve());
  desk.onRoom = () => stdin.resume();

  const isStopped = Promise.race([stopped, output.gone]).then(() => 'stopped' as const);
  const how = await Promise.race([isStopped, ended.promise.then(() => 'ended' as const)]);
  stdin.removeAllListeners('data').pause();
  if (how === 'ended') await Promise.race([isStopped, desk.idle(), sleep(FINISH_MS, undefined, { ref: false })]);
  await desk.close(how === 'ended');
  await output.flushed();
}

/** Decides which line goes when, and over which transport. */
class Desk {
  readonly #options: ConnectOptions;
  readonly #waiting: Waiting;
  readonly #streamable: StreamableHttp;
  /** Lines that are on their way and ask nothing. */
  readonly #telling = new Set<Promise<void>>();
  /** Requests and notifications behind a handshake that is under way, in order. Answers to the server never wait. */
  readonly #held: ClientLine[] = [];
  #transport: Transport;
  #isHandshaking = false;
  onRoom: () => void = () => undefined;

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#waiting = new Waiting({
      output: options.output,
      onResult: (request, message) => this.#streamable.learn(request, message),
      onForgotten: () => this.#tellRoom(),
    });
    this.#streamable = new StreamableHttp({
      ...this.#deps(),
      fallBack: async (line, requests) => {
        const older = await HttpSse.open(this.#deps());
        if (older === undefined) return false;
        this.#transport = older;
        await older.sendAgain(line, requests);
        return true;
      },
    });
    this.#transport = this.#streamable;
  }

  get isFull(): boolean {
    return this.#waiting.count + this.#held.length + this.#telling.size >= MAX_WAITING;
  }

  line(bytes: Buffer): void {
    const line = readLine(bytes);
    if (line === undefined) {
      if (bytes.toString('utf8').trim() !== '') this.#options.output.message(unreadable);
      return;
    }
    const isAnswer = line.items.every(({ message }) => message.kind === 'result' || message.kind === 'error');
    if (this.#isHandshaking && !isAnswer) this.#held.push(line);
    else this.#send(line);
  }

  /** Resolves when every request has its answer and every line is handed over. */
  async idle(): Promise<void> {
    do {
      await this.#waiting.empty();
      await Promise.all(this.#telling);
    } while (this.#held.length > 0 || this.#telling.size > 0 || this.#waiting.isOwed);
  }

  async close(isKind: boolean): Promise<void> {
    await this.#transport.close(isKind);
    if (this.#transport !== this.#streamable) await this.#streamable.close(false);
    this.#options.http.close();
  }

  #send(line: ClientLine): void {
    if (this.#isCancellation(line)) return;
    const sent = this.#transport.send(line);
    const isAsking = line.items.some(({ message }) => message.kind === 'request');
    if (isMethod(line, 'initialize')) this.#holdUntil(this.#waiting.settled(line));
    else if (isMethod(line, 'notifications/initialized')) this.#holdUntil(sent);
    if (isAsking) return;
    const told: Promise<void> = sent.finally(() => {
      this.#telling.delete(told);
      this.#tellRoom();
    });
    this.#telling.add(told);
  }

  /** A server may refuse what overtakes the handshake. */
  #holdUntil(done: Promise<void>): void {
    this.#isHandshaking = true;
    void done.then(() => {
      this.#isHandshaking = false;
      while (!this.#isHandshaking && this.#held.length > 0) this.#send(this.#held.shift() as ClientLine);
      this.#tellRoom();
    });
  }

  #tellRoom(): void {
    if (!this.isFull) this.onRoom();
  }

  /** Over HTTP a request of the modern era is called off by closing its stream (2026-07-28, Streamable HTTP). */
  #isCancellation({ items }: ClientLine): boolean {
    const [first] = items;
    if (items.length !== 1 || first?.facts.cancels === undefined) return false;
    const request = this.#waiting.find(first.facts.cancels);
    if (request === undefined) return false;
    this.#waiting.callOff(request);
    if (!request.isModern) return false;
    request.abort.abort();
    this.#waiting.forget(request);
    return true;
  }

  #deps() {
    const { url, http, output } = this.#options;
    return { url, http, output, waiting: this.#waiting };
  }
}

const unreadable = Buffer.from('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"The line is no JSON-RPC message."}}');
