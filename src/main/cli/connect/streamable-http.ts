/** Streamable HTTP as a client, both eras: one POST a line, answers as JSON or events, the session and its GET stream where there is one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMethod, type ClientLine } from './client-line.ts';
import { readEvents, type ServerEvent } from './events.ts';
import { connectionFailure, tellRefusal, withoutAnswer } from './failures.ts';
import { discard, wholeBody, type HttpReply } from './http-client.ts';
import type { Failure } from './line-output.ts';
import { MirroredArguments, standardFields } from './standard-headers.ts';
import type { Transport, TransportDeps } from './transport.ts';
import type { WaitingRequest } from './waiting.ts';

/** Far above any honest answer. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;
const RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;
/** Attempts in a row to take up a stream that broke, without a single event between them. */
const MAX_RESUMES = 5;
/** What a server may take to end a session; it ends by itself later. */
const GOODBYE_MS = 2000;

export interface StreamableDeps extends TransportDeps {
  /** The server does not speak this transport; true when the line was handed to an older one. */
  readonly fallBack: (line: ClientLine, requests: readonly WaitingRequest[]) => Promise<boolean>;
}

/** Where an event stream was when it ended. */
interface Place {
  eventId: string | undefined;
  retryMs: number;
  /** Whether anything came since it was last taken up. */
  hasMoved: boolean;
}

export class StreamableHttp implements Transport {
  readonly #deps: StreamableDeps;
  readonly #mirrored = new MirroredArguments();
  readonly #closing = new AbortController();
  #sessionId: string | undefined;
  #protocolVersion: string | undefined;
  #isListening = false;

  constructor(deps: StreamableDeps) {
    this.#deps = deps;
  }

  /** What the answer to a request teaches about those that follow. */
  learn({ method }: WaitingRequest, message: Buffer): void {
    if (method !== 'initialize' && method !== 'tools/list') return;
    const { result } = JSON.parse(message.toString('utf8')) as { result?: { protocolVersion?: unknown } };
    if (method === 'tools/list') this.#mirrored.learn(result);
    else if (typeof result?.protocolVersion === 'string') this.#protocolVersion = result.protocolVersion;
  }

  async send(line: ClientLine): Promise<void> {
    const { url, http, waiting } = this.#deps;
    const abort = new AbortController();
    const requests = waiting.add(line, abort);
    const isInitialize = isMethod(line, 'initialize');
    if (isInitialize) this.#forgetSession();
    try {
      const signal = AbortSignal.any([abort.signal, this.#closing.signal]);
      const reply = await http.ask({ method: 'POST', url, fields: this.#postFields(line), body: line.bytes, signal });
      await this.#answered(reply, line, requests);
    } catch (error) {
      this.#lost(requests, connectionFailure(url, error));
    }
  }

  async close(isKind: boolean): Promise<void> {
    this.#closing.abort();
    const sessionId = this.#sessionId;
    if (sessionId === undefined) return;
    const { url, http } = this.#deps;
    try {
      const signal = AbortSignal.timeout(isKind ? GOODBYE_MS : GOODBYE_MS / 4);
      // Sessions, 2025-11-25: a client that is done should say so. 405 is an answer, too.
      discard(await http.ask({ method: 'DELETE', url, fields: this.#sessionFields(), signal }));
    } catch {
      return;
    }
  }

  async #answered(reply: HttpReply, line: ClientLine, requests: readonly WaitingRequest[]): Promise<void> {
    const { status, type } = reply;
    if (isMethod(line, 'initialize')) {
      // 2024-11-05 servers know no POST here; that is how they are found.
      if ((status === 404 || status === 405) && (await this.#deps.fallBack(line, requests))) return discard(reply);
      if (status < 300) this.#sessionId = reply.header('mcp-session-id');
    }
    if (status >= 300) return this.#refused(reply, requests);
    if (isMethod(line, 'notifications/initialized')) this.#listen();
    if (type === 'text/event-stream') return this.#followed(reply, requests);
    const body = status === 202 || status === 204 ? undefined : await wholeBody(reply, MAX_BODY_BYTES);
    if (body === undefined) discard(reply);
    else if (body.length > 0) this.#deps.waiting.received(trimmed(body));
    // Answers may still come on the GET stream of a session.
    if (!this.#isListening || requests.some(({ isModern }) => isModern))
      this.#lost(requests, withoutAnswer(this.#deps.url, `answered with status ${status} and`));
  }

  async #refused(reply: HttpReply, requests: readonly WaitingRequest[]): Promise<void> {
    const { waiting, url, output } = this.#deps;
    const hasSession = this.#sessionId !== undefined && !requests.some(({ isModern }) => isModern);
    if (requests.length === 0) output.remark(`${url.host} answered a notification with status ${reply.status}`);
    await tellRefusal(reply, requests, { waiting, url, hasSession });
  }

  /** Reads the events of a POST; where the stream breaks and has ids, it is taken up by GET (2025-11-25, resumability). */
  async #followed(first: HttpReply, requests: readonly WaitingRequest[]): Promise<void> {
    const { waiting, url } = this.#deps;
    const place: Place = { eventId: undefined, retryMs: RETRY_MS, hasMoved: false };
    let how = await this.#read(first, place);
    for (let attempts = 0; attempts < MAX_RESUMES; attempts += 1) {
      const isOwed = requests.some(request => waiting.isWaiting(request));
      if (!isOwed || place.eventId === undefined || requests.some(({ isModern }) => isModern)) break;
      await sleep(Math.min(place.retryMs, MAX_RETRY_MS), undefined, { signal: this.#closing.signal });
      const reply = await this.#get(place.eventId).catch(() => undefined);
      if (reply === undefined) continue;
      if (reply.type !== 'text/event-stream' || reply.status !== 200) {
        discard(reply);
        break;
      }
      place.hasMoved = false;
      how = await this.#read(reply, place);
      if (place.hasMoved) attempts = -1;
    }
    this.#lost(requests, withoutAnswer(url, how));
  }

  /** The client's stream for what belongs to no request. 405: the server has none. */
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    void this.#keepListening()
      .catch(() => undefined)
      .finally(() => (this.#isListening = false));
  }

  async #keepListening(): Promise<void> {
    const place: Place = { eventId: undefined, retryMs: RETRY_MS, hasMoved: false };
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      const reply = await this.#get(place.eventId).catch(() => undefined);
      if (reply !== undefined && (reply.status !== 200 || reply.type !== 'text/event-stream')) {
        discard(reply);
        if (reply.status < 500) return;
      } else if (reply !== undefined) {
        place.hasMoved = false;
        await this.#read(reply, place);
        if (place.hasMoved) failures = 0;
      }
      failures += 1;
      await sleep(Math.min(place.retryMs * 2 ** Math.min(failures - 1, 5), MAX_RETRY_MS), undefined, { signal: this.#closing.signal });
    }
  }

  /** Reads to the end, however it comes; says how it ended. */
  async #read(reply: HttpReply, place: Place): Promise<string> {
    const { waiting, output } = this.#deps;
    const take = ({ id, retryMs, data, name }: ServerEvent) => {
      place.hasMoved = true;
      if (id !== undefined) place.eventId = id;
      if (retryMs !== undefined) place.retryMs = retryMs;
      if (data !== undefined && name === 'message') waiting.received(data);
    };
    try {
      await readEvents(reply, take, () => output.ready());
      return 'ended its stream';
    } catch (error) {
      return `lost its stream (${error instanceof Error ? error.message : String(error)})`;
    }
  }

  #get(lastEventId: string | undefined): Promise<HttpReply> {
    const { url, http } = this.#deps;
    const resume = lastEventId === undefined ? [] : ['Last-Event-ID', lastEventId];
    const fields = ['Accept', 'text/event-stream', ...this.#sessionFields(), ...resume];
    return http.ask({ method: 'GET', url, fields, signal: this.#closing.signal });
  }

  #lost(requests: readonly WaitingRequest[], failure: Failure): void {
    const { waiting } = this.#deps;
    // Once we close, what is left is owed to nobody.
    if (this.#closing.signal.aborted) for (const request of requests) waiting.forget(request);
    else waiting.fail(requests, failure);
  }

  #postFields(line: ClientLine): string[] {
    const [first] = line.items;
    const fields = ['Content-Type', 'application/json', 'Accept', 'application/json, text/event-stream'];
    if (line.items.length === 1 && first?.facts.era === 'modern') return [...fields, ...standardFields(first, this.#mirrored)];
    return isMethod(line, 'initialize') ? fields : [...fields, ...this.#sessionFields()];
  }

  #sessionFields(): string[] {
    return [
      ...(this.#sessionId === undefined ? [] : ['Mcp-Session-Id', this.#sessionId]),
      ...(this.#protocolVersion === undefined ? [] : ['MCP-Protocol-Version', this.#protocolVersion]),
    ];
  }

  #forgetSession(): void {
    this.#sessionId = undefined;
    this.#protocolVersion = undefined;
  }
}

/** Spaces around a message belong to the body, not to it. */
function trimmed(body: Buffer): Buffer {
  let to = body.length;
  while (to > 0 && (body[to - 1] as number) <= 0x20) to -= 1;
  return body.subarray(0, to);
}
