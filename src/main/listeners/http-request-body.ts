/** The body of an incoming HTTP request: small ones are read whole, because one write onwards is cheaper; the rest streams. */
import type { IncomingMessage, ServerResponse } from 'node:http';
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

/** How much of all large bodies together a door holds in memory. Small ones are not counted: a connection has one of them at most. */
export class BodyRoom {
  #leftBytes: number;

  constructor(bytes: number) {
    this.#leftBytes = bytes;
  }

  /** Holds what it is told of until the answer is over; false when there is no room for it. */
  holding(response: ServerResponse): (bytes: number) => boolean {
    let heldBytes = 0;
    response.once('close', () => {
      this.#leftBytes += heldBytes;
      heldBytes = 0;
    });
    return bytes => {
      if (response.closed || bytes > this.#leftBytes) return false;
      heldBytes += bytes;
      this.#leftBytes -= bytes;
      return true;
    };
  }
}

const noLimit = () => true;

/**
 * Reads a body of a guarded route whole: its method and its arguments are what the guards decide on. Beyond `maxBytes`, or where
 * the door has no room for it, it is refused; `hold` is asked for every part of a large one.
 */
export function receiveWholeBody(
  request: IncomingMessage,
  maxBytes: number,
  holding: () => (bytes: number) => boolean,
  take: (received: ReceivedBody, refusal?: TrafficError) => void,
): void {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  const lengthBytes = length === undefined ? undefined : Number(length);
  const tooLarge = () =>
    new TrafficError('BODY_TOO_LARGE', `The body is longer than ${maxBytes} bytes.`, { facts: { limit_bytes: maxBytes } });
  if (lengthBytes !== undefined && lengthBytes > maxBytes) take(streamed(request, lengthBytes, false), tooLarge());
  else if (coding !== undefined) readChunked(request, { maxBytes, hold: holding(), tooLarge }, take);
  else if (lengthBytes === undefined || lengthBytes === 0) receiveBody(request, false, take);
  else readWhole(request, lengthBytes, take, lengthBytes > WHOLE_BYTES ? holding() : noLimit);
}

interface ChunkedBounds {
  readonly maxBytes: number;
  readonly hold: (bytes: number) => boolean;
  readonly tooLarge: () => TrafficError;
}

/** Of a body without a length. What is over a bound is read on and forgotten, or the client could not read our answer. */
function readChunked(
  request: IncomingMessage,
  { maxBytes, hold, tooLarge }: ChunkedBounds,
  take: (received: ReceivedBody, refusal?: TrafficError) => void,
): void {
  const gathered = new Gathered();
  let sizeBytes = 0;
  let isTaken = false;
  const done = (isCut: boolean) => {
    if (isTaken) return;
    isTaken = true;
    take(whole(gathered.take(), isCut));
  };
  const refuse = (chunk: Buffer, refusal: TrafficError) => {
    isTaken = true;
    take(refusedPartly(request, gathered.take(), chunk), refusal);
  };
  request.on('data', (chunk: Buffer) => {
    if (isTaken) return;
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) refuse(chunk, tooLarge());
    else if (hold(chunk.length)) gathered.push(chunk);
    else refuse(chunk, noRoom());
  });
  request.on('end', () => done(false));
  request.on('close', () => done(true));
}

function readWhole(
  request: IncomingMessage,
  lengthBytes: number,
  take: (received: ReceivedBody, refusal?: TrafficError) => void,
  hold: (bytes: number) => boolean = noLimit,
): void {
  const gathered = new Gathered();
  let count = 0;
  let isTaken = false;
  const done = (isCut: boolean) => {
    isTaken = true;
    take(whole(gathered.take(), isCut));
  };
  request.on('data', (chunk: Buffer) => {
    if (isTaken) return;
    if (!hold(chunk.length)) {
      isTaken = true;
      take(refusedPartly(request, gathered.take(), chunk), noRoom());
      return;
    }
    gathered.push(chunk);
    count += chunk.length;
    // The last byte is here; waiting for the `end` event would cost another turn.
    if (count === lengthBytes) done(false);
  });
  request.on('close', () => {
    if (!isTaken) done(true);
  });
}

/**
 * The parts of a body as one, in room that doubles. Kept as they came, parts of one byte would cost some hundred times that in memory:
 * a body within its bound could take all there is.
 */
class Gathered {
  /** The only part as it came, or the room for all. */
  #room: Buffer = Buffer.alloc(0);
  #sizeBytes = 0;

  push(part: Buffer): void {
    const sizeBytes = this.#sizeBytes + part.length;
    if (this.#sizeBytes === 0) this.#room = part;
    else {
      if (sizeBytes > this.#room.length) this.#grow(sizeBytes);
      part.copy(this.#room, this.#sizeBytes);
    }
    this.#sizeBytes = sizeBytes;
  }

  /** All of it; nothing is kept. */
  take(): Buffer {
    const all = this.#room.subarray(0, this.#sizeBytes);
    this.#room = Buffer.alloc(0);
    this.#sizeBytes = 0;
    return all;
  }

  #grow(sizeBytes: number): void {
    const room = Buffer.allocUnsafeSlow(Math.max(sizeBytes, 2 * this.#room.length));
    this.#room.copy(room, 0, 0, this.#sizeBytes);
    this.#room = room;
  }
}

function noRoom(): TrafficError {
  return new TrafficError('UNAVAILABLE', 'This gateway is reading as many large bodies as it has room for.', {
    facts: { state: 'full', retry_after_ms: 1000 },
  });
}

/** The same for whoever would parse it, which is what its refusal is to prevent: nothing, and no id. */
export function unread({ isCut }: ReceivedBody): ReceivedBody {
  return { body: { kind: 'none' }, isCut, idText: () => undefined, idRead: () => Promise.resolve() };
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

/** What was kept of a body that is refused; this chunk and whatever still comes is looked through for the id, and forgotten. */
function refusedPartly(request: IncomingMessage, bytes: Uint8Array, chunk: Uint8Array): ReceivedBody {
  const scan = new TopLevelScan();
  scan.push(bytes);
  scan.push(chunk);
  const rest = new RequestSource(request, scan);
  return { body: { kind: 'whole', bytes }, isCut: false, idText: () => requestIdOf(scan), idRead: () => rest.readToEnd(ID_WAIT_MS) };
}

function requestIdOf({ facts }: TopLevelScan): string | undefined {
  return facts.method === undefined ? undefined : facts.idText;
}

function streamed(request: IncomingMessage, lengthBytes: number | undefined, isExpecting: boolean): ReceivedBody {
  const scan = new TopLevelScan();
  const source = new RequestSource(request, scan);
  return {
    body: { kind: 'stream', source, lengthBytes },
    isCut: false,
    idText: () => requestIdOf(scan),
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
