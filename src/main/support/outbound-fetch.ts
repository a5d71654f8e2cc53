/**
 * `fetch` for the small documents of identity providers (metadata, keys, tokens): bounded in time and size, never
 * following a redirect, and able to refuse addresses inside our own network. The check is made on the very address that is
 * dialled, so a name that resolves differently the second time gains nothing.
 */
import { lookup as lookupName, type LookupAddress } from 'node:dns';
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { addressKind, isLoopbackHost } from './address-ranges.ts';
import { Parts } from './parts.ts';

/** As much of `fetch` as the OAuth libraries use. */
export type OutboundFetch = (url: string | URL, init?: OutboundInit) => Promise<Response>;

export interface OutboundInit {
  readonly method?: string;
  readonly headers?: Headers | Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * `anywhere`: addresses that an operator wrote. `public`: addresses that a server named; https and the public internet
 * only. `public-or-loopback`: the same for servers on this machine, which may name others on it, over plain http too.
 */
export type Reach = 'anywhere' | 'public' | 'public-or-loopback';

export interface OutboundFetchOptions {
  readonly reach: Reach;
  /** Until the body is complete. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** For tests: how names become addresses. */
  readonly lookup?: typeof lookupName;
}

/** Metadata, key sets and tokens have a few KiB; more is a mistake or an attack. */
const MAX_BYTES = 512 * 1024;
const TIMEOUT_MS = 5000;

/** Rejects with an Error that says in words why there is no answer; it never quotes the request. */
export function outboundFetch(options: OutboundFetchOptions): OutboundFetch {
  const { reach, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, lookup = lookupName } = options;
  return async (input, init = {}) => {
    const url = typeof input === 'string' ? new URL(input) : input;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    checkTarget(url, host, reach);
    // Before there is a request: one that is given up while nobody listens to it yet takes the process down.
    if (init.signal?.aborted === true) throw calledOff(url);
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      const request = send(url, {
        method: init.method ?? 'GET',
        headers: { ...headersOf(init.headers), ...lengthOf(init.body) },
        // One connection per document: these are rare, and an idle one would be one more thing to close.
        agent: false,
        lookup: checkedLookup(lookup, reach),
      });
      const fail = (error: Error) => {
        settle();
        request.destroy();
        reject(error);
      };
      const deadline = setTimeout(() => fail(new Error(`${url.host} did not answer within ${timeoutMs} ms.`)), timeoutMs);
      deadline.unref();
      const cancelled = () => fail(calledOff(url));
      const settle = () => {
        clearTimeout(deadline);
        init.signal?.removeEventListener('abort', cancelled);
      };
      init.signal?.addEventListener('abort', cancelled);
      request.on('error', cause => fail(new Error(`${url.host} could not be asked: ${wordsOf(cause)}.`, { cause })));
      whole(request, maxBytes, fail, response => {
        settle();
        resolve(response);
      });
      request.end(init.body === undefined ? undefined : String(init.body));
    });
  };
}

function calledOff({ host }: URL): Error {
  return new Error(`The request to ${host} was called off.`);
}

/** What a name resolves to is checked when it is dialled; an address in the URL is never looked up, hence here. */
function checkTarget(url: URL, host: string, reach: Reach): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new Error(`${url.protocol} is no address to ask.`);
  if (url.username !== '' || url.password !== '') throw new Error(`The address at ${url.host} holds credentials.`);
  if (reach === 'anywhere') return;
  const isLocal = reach === 'public-or-loopback' && isLoopbackHost(host);
  if (url.protocol === 'http:' && !isLocal)
    throw new Error(`${url.host} is named with plain http, which would show what is asked and answered.`);
  if (isIP(host) !== 0) checkAddress(host, host, reach);
}

function checkAddress(address: string, host: string, reach: Reach): void {
  const kind = addressKind(address);
  if (reach === 'anywhere' || kind === 'public' || (kind === 'loopback' && reach === 'public-or-loopback')) return;
  throw new Error(`${host} is an address inside a private network, which a server may not make us ask.`);
}

/** Every address of the name must be allowed: which one is dialled is not ours to say. */
function checkedLookup(lookup: typeof lookupName, reach: Reach): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      const addresses = found as unknown as LookupAddress[];
      try {
        for (const { address } of addresses) checkAddress(address, host, reach);
      } catch (refusal) {
        return done(refusal as Error, []);
      }
      const [first] = addresses;
      if (first === undefined) return done(new Error(`${host} has no address`), []);
      return options.all === true ? done(null, addresses) : done(null, first.address, first.family);
    });
  };
}

/** Reads the answer as a whole: a body that is cut off is a failure, one that is too long ends the connection. */
function whole(request: ClientRequest, maxBytes: number, fail: (error: Error) => void, done: (response: Response) => void): void {
  request.on('response', (answer: IncomingMessage) => {
    const parts = new Parts();
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) fail(new Error(`${request.host} answered with more than ${maxBytes} bytes.`));
      else parts.push(chunk);
    });
    answer.on('error', cause => fail(new Error(`The answer of ${request.host} broke off.`, { cause })));
    answer.on('end', () => done(responseOf(answer, parts.joined())));
  });
}

function responseOf(answer: IncomingMessage, body: Uint8Array): Response {
  const headers = new Headers();
  for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2)
    headers.append(answer.rawHeaders[at] as string, answer.rawHeaders[at + 1] as string);
  const status = answer.statusCode ?? 502;
  // These have no body by definition, and `Response` insists on it.
  const hasBody = status !== 204 && status !== 205 && status !== 304;
  return new Response(hasBody ? body : null, { status: status < 200 ? 502 : status, headers });
}

function headersOf(headers: OutboundInit['headers']): Record<string, string> {
  const plain: Record<string, string> = {};
  new Headers(headers).forEach((value, name) => {
    plain[name] = value;
  });
  // What is asked for is read as it comes; nobody here inflates it.
  return { ...plain, 'accept-encoding': 'identity' };
}

function lengthOf(body: OutboundInit['body']): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(String(body))) };
}

function wordsOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
