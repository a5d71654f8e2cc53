/** The body of an incoming HTTP request: small ones are read whole, because one write onwards is cheaper; the rest streams. */
import type { IncomingMessage } from 'node:http';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { readBody } from '../../shared/mcp/json-rpc.ts';
import { TopLevelScan } from '../../shared/mcp/top-level-scan.ts';
import type { BodySink, BodySource, RequestBody } from '../pipeline/stage.ts';

/** Bodies of a known length up to this are read before they are forwarded; JSON-RPC requests are nearly always smaller. */
const WHOLE_BYTES = 256 * 1024;
/** How long an answer of ours waits for the rest of a streamed request, whose id it should carry. */
const ID_WAIT_MS = 1000;

export interface ReceivedBody {
  readonly body: RequestBody;
  /** The client left before the body was whole; nothing of it is forwarded. */
  readonly isCut: boolean;
  idText(): string | undefined;
  /** Resolves once the id is known, as far as it will be. */
  idRead(): Promise<void>;
}

/** Calls `take` when the request can go on: with its whole body, with a stream, or with what came of it before the client left. */
export function receiveBody(request: IncomingMessage, isExpecting: boolean, take: (received: ReceivedBody) => void): void {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  const lengthBytes = length === undefined ? undefined : Number(length);
  if (coding === undefined && (lengthBytes === undefined || lengthBytes === 0)) {
    request.resume();
    take({ body: { kind: 'none' }, isCut: false, idText: () => undefined, idRead: () => Promise.resolve() });
  } else if (lengthBytes === undefined || lengthBytes > WHOLE_BYTES || isExpecting) take(streamed(request, lengthBytes, isExpecting));
  else readWhole(request, lengthBytes, take);
}

/** Reads a body of a guarded route whole: its method and its arguments are what the guards decide on. Beyond `maxBytes` it is refused. */
export function receiveWholeBody(
  request: IncomingMessage,
  maxBytes: number,
  take: (received: ReceivedBody, refusal?: TrafficError) => void,
): void {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  const lengthBytes = length === undefined ? undefined : Number(length);
  const tooLarge = () =>
    new TrafficError('BODY_TOO_LARGE', `The body is longer than ${maxBytes} bytes.`, { facts: { limit_bytes: maxBytes } });
  if (lengthBytes !== undefined && lengthBytes > maxBytes) take(streamed(request, lengthBytes, false), tooLarge());
  else if (coding !== undefined)
    readChunked(request, maxBytes, (received, isOver) => (isOver ? take(received, tooLarge()) : take(received)));
  else if (lengthBytes === undefined || lengthBytes === 0) receiveBody(request, false, take);
  else readWhole(request, lengthBytes, take);
}

/** Of a body without a length. What is over the bound is read on and forgotten, or the client could not read our answer. */
function readChunked(request: IncomingMessage, maxBytes: number, take: (received: ReceivedBody, isOver: boolean) => void): void {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  let isTaken = false;
  const done = (isCut: boolean, isOver: boolean) => {
    if (isTaken) return;
    isTaken = true;
    take(whole(Buffer.concat(chunks), isCut), isOver);
  };
  request.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes <= maxBytes) chunks.push(chunk);
    else done(false, true);
  });
  request.on('end', () => done(false, false));
  request.on('close', () => done(true, false));
}

function readWhole(request: IncomingMessage, lengthBytes: number, take: (received: ReceivedBody) => void): void {
  const chunks: Buffer[] = [];
  let count = 0;
  const taken = () => (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
  request.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    count += chunk.length;
    // The last byte is here; waiting for the `end` event would cost another turn.
    if (count === lengthBytes) take(whole(taken(), false));
  });
  request.on('close', () => {
    if (count < lengthBytes) take(whole(taken(), true));
  });
}

function whole(bytes: Uint8Array, isCut: boolean): ReceivedBody {
  return {
    body: { kind: 'whole', bytes },
    isCut,
    idText: () => {
      const read = readBody(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
      return read.kind === 'message' && read.message.kind === 'request' ? read.message.idText : undefined;
    },
    idRead: () => Promise.resolve(),
  };
}

function streamed(request: IncomingMessage, lengthBytes: number | undefined, isExpecting: boolean): ReceivedBody {
  const scan = new TopLevelScan();
  const source = new RequestSource(request, scan);
  return {
    body: { kind: 'stream', source, lengthBytes },
    isCut: false,
    idText: () => (scan.facts.method === undefined ? undefined : scan.facts.idText),
    // A client that waits for our 100 will not send a byte before it has an answer.
    idRead: () => (isExpecting && !source.hasBegun ? Promise.resolve() : source.readToEnd(ID_WAIT_MS)),
  };
}

class RequestSource implements BodySource {
  readonly #request: IncomingMessage;
  readonly #scan: TopLevelScan;
  #sink: BodySink | undefined;
  #isListening = false;
  #isOver = false;
  readonly #waiting: (() => void)[] = [];
  hasBegun = false;

  constructor(request: IncomingMessage, scan: TopLevelScan) {
    this.#request = request;
    this.#scan = scan;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#listen();
  }

  resume(): void {
    this.#request.resume();
  }

  /** Nobody wants the rest. It is still read, or the client could never read our answer. */
  abort(): void {
    this.#sink = undefined;
    this.#listen();
    this.#request.resume();
  }

  /** Reads on without a taker, for the sake of the id, which may stand at the end (SDK v1 puts it there). */
  readToEnd(limitMs: number): Promise<void> {
    if (this.#isOver || this.#request.destroyed) return Promise.resolve();
    this.abort();
    return new Promise(resolve => {
      const deadline = setTimeout(resolve, limitMs);
      this.#waiting.push(() => {
        clearTimeout(deadline);
        resolve();
      });
    });
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    const request = this.#request;
    request.on('data', (chunk: Buffer) => {
      this.hasBegun = true;
      this.#scan.push(chunk);
      if (this.#sink?.data(chunk) === false) request.pause();
    });
    request.on('end', () => this.#over(sink => sink.end(request.rawTrailers)));
    request.on('close', () => this.#over(sink => sink.fail(new TrafficError('CANCELLED', 'The client left.'))));
  }

  #over(tell: (sink: BodySink) => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const sink = this.#sink;
    this.#sink = undefined;
    if (sink !== undefined) tell(sink);
    for (const go of this.#waiting) go();
  }
}
