/** HTTP+SSE (2024-11-05) as a client, for servers that know nothing newer: answers come on one stream, lines go to the address it names. */
import { isMethod, type ClientLine } from './client-line.ts';
import { readEvents, type ServerEvent } from './events.ts';
import { connectionFailure, tellRefusal, withoutAnswer } from './failures.ts';
import { discard, type HttpReply } from './http-client.ts';
import type { Failure } from './line-output.ts';
import type { Transport, TransportDeps } from './transport.ts';
import type { WaitingRequest } from './waiting.ts';

const ENDPOINT_MS = 10_000;

export class HttpSse implements Transport {
  readonly #deps: TransportDeps;
  readonly #closing = new AbortController();
  #address: URL | undefined;

  private constructor(deps: TransportDeps) {
    this.#deps = deps;
  }

  /** Opens the stream; undefined where the server does not speak this either. */
  static async open(deps: TransportDeps): Promise<HttpSse | undefined> {
    const transport = new HttpSse(deps);
    return (await transport.#open().catch(() => false)) ? transport : undefined;
  }

  /** A line whose requests are waiting already, because it was sent another way first. */
  async sendAgain(line: ClientLine, requests: readonly WaitingRequest[]): Promise<void> {
    const { http, waiting, url } = this.#deps;
    const address = this.#address;
    if (address === undefined) {
      waiting.fail(requests, { code: 'SESSION_LOST', message: `${url.host} ended its stream, and the session with it.`, facts: {} });
      return;
    }
    try {
      const fields = ['Content-Type', 'application/json'];
      const reply = await http.ask({ method: 'POST', url: address, fields, body: line.bytes, signal: this.#closing.signal });
      if (reply.status < 300) discard(reply);
      else await tellRefusal(reply, requests, { waiting, url, hasSession: true });
    } catch (error) {
      waiting.fail(requests, connectionFailure(url, error));
    }
  }

  async send(line: ClientLine): Promise<void> {
    const requests = this.#deps.waiting.add(line, new AbortController());
    // The session is the stream: after its end a client may begin anew.
    if (this.#address === undefined && isMethod(line, 'initialize')) await this.#open().catch(() => false);
    await this.sendAgain(line, requests);
  }

  close(): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  async #open(): Promise<boolean> {
    const { url, http } = this.#deps;
    const reply = await http.ask({ method: 'GET', url, fields: ['Accept', 'text/event-stream'], signal: this.#closing.signal });
    if (reply.status !== 200 || reply.type !== 'text/event-stream') {
      discard(reply);
      return false;
    }
    const named = Promise.withResolvers<boolean>();
    const late = setTimeout(() => named.resolve(false), ENDPOINT_MS);
    void this.#follow(reply, address => {
      this.#address = address;
      named.resolve(address !== undefined);
    }).then(() => named.resolve(false));
    const isOpen = await named.promise;
    clearTimeout(late);
    if (!isOpen) reply.body.destroy();
    return isOpen;
  }

  async #follow(reply: HttpReply, named: (address: URL | undefined) => void): Promise<void> {
    const { waiting, output, url } = this.#deps;
    const take = ({ name, data }: ServerEvent) => {
      if (data === undefined) return;
      if (name === 'message') waiting.received(data);
      else if (name === 'endpoint') named(sameOrigin(url, data.toString('utf8')));
    };
    let failure: Failure = withoutAnswer(url, 'ended its stream');
    try {
      await readEvents(reply, take, () => output.ready());
    } catch (error) {
      failure = connectionFailure(url, error);
    }
    const wasOpen = this.#address !== undefined;
    this.#address = undefined;
    if (wasOpen && !this.#closing.signal.aborted) waiting.fail(waiting.all(), failure);
  }
}

/** The credentials of the command line go to the origin that it names, and nowhere else. */
function sameOrigin(url: URL, uri: string): URL | undefined {
  const address = URL.parse(uri.trim(), url.href);
  return address?.origin === url.origin ? address : undefined;
}
