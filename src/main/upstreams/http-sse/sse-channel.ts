/** A channel of revision 2024-11-05: one GET stream brings the server's messages, POSTs to the address it names take the client's. */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import { SseReader, type SseEventHead } from '../../../shared/mcp/sse-reader.ts';
import type { Answer, Exchange, IncomingRequest } from '../../pipeline/stage.ts';
import type { Logger } from '../../ports.ts';
import { Departure } from '../../support/departure.ts';
import { fieldValue } from '../../support/http-fields.ts';
import { Parts } from '../../support/parts.ts';
import { HttpRefusal, type ChannelEvents, type MessageChannel } from '../bridge/channel.ts';
import { isJsonContainer } from '../bridge/json-container.ts';
import type { InstanceConnection } from '../instance-connection.ts';
import { drained } from '../../support/drained.ts';
import { streamFields, postFields } from './sse-fields.ts';

export interface SseChannelOptions {
  readonly url: URL;
  /** Sends HTTP requests to the same origin, their path and fields as they are given. */
  readonly http: Pick<InstanceConnection, 'send'>;
  /** For messages: `files/local`. */
  readonly name: string;
  readonly log: Logger;
  /** How long the stream may take to name its address. */
  readonly endpointMs: number;
}

/** 64 MiB: far above any honest message; a server beyond it would fill our memory with one event. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024;

/** Opens the stream and waits for its address. Rejects with a TrafficError, or an HttpRefusal for 401 and 403. */
export async function openSseChannel(options: SseChannelOptions, events: ChannelEvents, exchange: Exchange): Promise<MessageChannel> {
  const channel = new SseChannel(options, events, exchange);
  await channel.open(exchange);
  return channel;
}

class SseChannel implements MessageChannel {
  readonly #options: SseChannelOptions;
  readonly #events: ChannelEvents;
  /** Without its request: bodies are not kept for as long as a session lives. */
  readonly #template: Omit<Exchange, 'request' | 'departure'>;
  readonly #endpoint = Promise.withResolvers<URL>();
  readonly #posts = new Set<Departure>();
  readonly #reader = new SseReader({ raw: () => undefined, data: bytes => this.#data(bytes), end: head => this.#event(head) });
  #stream: Answer | undefined;
  #address: URL | undefined;
  #fields: readonly string[] = [];
  /** Of the data of the event that is coming. */
  readonly #parts = new Parts();
  #sizeBytes = 0;
  #isPaused = false;
  #isOver = false;
  #strayCount = 0;

  constructor(options: SseChannelOptions, events: ChannelEvents, { request: _request, departure: _departure, ...template }: Exchange) {
    this.#options = options;
    this.#events = events;
    this.#template = template;
    this.#endpoint.promise.catch(() => undefined);
  }

  async open(exchange: Exchange): Promise<void> {
    const { url, endpointMs, name } = this.#options;
    this.#fields = exchange.request.rawHeaders;
    const departure = new Departure();
    const deadline = setTimeout(() => {
      departure.happen();
      this.#endpoint.reject(this.#broken(`named no address within ${endpointMs} ms`, false, 'UPSTREAM_TIMEOUT'));
    }, endpointMs);
    // The client may leave while it waits: nobody would use what opens here.
    exchange.departure.listener = () => {
      departure.happen();
      this.#endpoint.reject(new TrafficError('CANCELLED', 'The client left.'));
    };
    try {
      const request = this.#request('GET', url, streamFields(this.#fields), undefined);
      const answer = await Promise.race([this.#send(request, departure), this.#endpoint.promise.then(() => never())]);
      this.#started(answer);
      this.#address = await this.#endpoint.promise;
    } catch (error) {
      this.#isOver = true;
      this.#stream?.body.abort();
      if (error instanceof TrafficError && error.code === 'CANCELLED' && !exchange.departure.hasHappened)
        throw new TrafficError('UPSTREAM_TIMEOUT', `${name} did not open its stream within ${endpointMs} ms.`, {
          facts: { phase: 'first_byte', may_have_executed: false },
        });
      throw error;
    } finally {
      clearTimeout(deadline);
      exchange.departure.listener = undefined;
    }
  }

  send(message: Buffer, fields?: readonly string[]): Promise<void> {
    if (this.#isOver || this.#address === undefined) throw this.#broken('has closed its stream', false);
    if (fields !== undefined) this.#fields = fields;
    return this.#post(this.#address, message);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stream?.body.resume();
  }

  close(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  async #post(address: URL, message: Buffer): Promise<void> {
    const departure = new Departure();
    this.#posts.add(departure);
    try {
      const answer = await this.#send(this.#request('POST', address, postFields(this.#fields, message.length), message), departure);
      const { status } = answer;
      drained(answer.body);
      if (status === 401 || status === 403) throw new HttpRefusal(status);
      if (status === 404) {
        this.#broke(new TrafficError('SESSION_LOST', `${this.#options.name} does not know the session any more.`));
        throw new TrafficError('SESSION_LOST', `${this.#options.name} does not know the session any more.`, { facts: notExecuted });
      }
      if (status >= 300) throw this.#broken(`answered a message with status ${status}`, status >= 500);
    } finally {
      this.#posts.delete(departure);
    }
  }

  #started(answer: Answer): void {
    const { status, rawHeaders, body } = answer;
    const type = fieldValue(rawHeaders, 'content-type')?.toLowerCase() ?? '';
    if (status !== 200 || !type.startsWith('text/event-stream')) {
      body.abort();
      if (status === 401 || status === 403) throw new HttpRefusal(status);
      throw this.#broken(`opened no event stream (status ${status}, ${type === '' ? 'no type' : type})`, false);
    }
    this.#stream = answer;
    body.start({
      data: chunk => {
        if (!this.#isOver) this.#reader.push(chunk);
        return !this.#isPaused;
      },
      end: () => this.#broke(this.#broken('closed its stream', true)),
      fail: error => this.#broke(this.#broken(`lost its stream (${error.message})`, true)),
    });
  }

  #data(bytes: Uint8Array): void {
    this.#sizeBytes += bytes.length;
    if (this.#sizeBytes <= MAX_EVENT_BYTES) this.#parts.push(bytes);
    else this.#broke(this.#broken(`sent an event of more than ${MAX_EVENT_BYTES} bytes`, true));
  }

  #event({ name, hasData, isComplete }: SseEventHead): void {
    const all = this.#parts.joined();
    const data = Buffer.from(all.buffer, all.byteOffset, all.byteLength);
    this.#parts.clear();
    this.#sizeBytes = 0;
    if (this.#isOver || !hasData || !isComplete) return;
    if (name === 'endpoint') this.#named(data.toString('utf8'));
    else if ((name === '' || name === 'message') && isJsonContainer(data)) this.#events.message(data);
    else this.#stray(name);
  }

  /** 2024-11-05, HTTP with SSE: the first event is the URI to POST to. Anywhere else our credentials would go to a stranger. */
  #named(uri: string): void {
    const { url } = this.#options;
    const address = URL.parse(uri.trim(), url.href);
    if (address?.origin === url.origin) this.#endpoint.resolve(address);
    else this.#endpoint.reject(this.#broken(`named an address of another origin (${address?.origin ?? 'none'})`, false));
  }

  #broke(error: TrafficError): void {
    if (this.#isOver) return;
    const wasOpen = this.#address !== undefined;
    this.#end();
    if (wasOpen) this.#events.closed(error, Promise.resolve());
    else this.#endpoint.reject(error);
  }

  #end(): void {
    this.#isOver = true;
    this.#stream?.body.abort();
    for (const departure of this.#posts) departure.happen();
    this.#parts.clear();
  }

  #send(request: IncomingRequest, departure: Departure): Promise<Answer> {
    return this.#options.http.send({ ...this.#template, request, departure });
  }

  #request(method: string, url: URL, rawHeaders: readonly string[], body: Buffer | undefined): IncomingRequest {
    return {
      method,
      path: url.pathname + url.search,
      rawHeaders: ['Host', url.host, ...rawHeaders],
      body: body === undefined ? { kind: 'none' } : { kind: 'whole', bytes: body },
      idText: () => undefined,
    };
  }

  #broken(what: string, mayHaveExecuted: boolean, code: 'UPSTREAM_BROKE' | 'UPSTREAM_TIMEOUT' = 'UPSTREAM_BROKE'): TrafficError {
    return new TrafficError(code, `${this.#options.name} ${what}.`, { facts: { may_have_executed: mayHaveExecuted } });
  }

  #stray(name: string): void {
    this.#strayCount += 1;
    if (this.#strayCount % 1000 === 1)
      this.#options.log.info('A server sent an event that is no message; it was left out', {
        upstream: this.#options.name,
        event: name,
        count: this.#strayCount,
      });
  }
}

const notExecuted = { may_have_executed: false } as const;

/** The address settles the race only by failing. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
