/** One connection to an HTTP upstream: writes one request at a time and passes its answer on as the bytes come. */
import type { Socket } from 'node:net';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Answer, BodySink, BodySource, RequestBody } from '../pipeline/stage.ts';
import type { ResponseHead } from './http-head.ts';
import { ResponseReader } from './http-response-reader.ts';

/** A request ready for the wire. */
export interface WireRequest {
  readonly method: string;
  /** Request line and header fields with the blank line, latin1. */
  readonly head: string;
  readonly body: RequestBody;
  /** The body has no known length, so each chunk is framed. */
  readonly isChunked: boolean;
}

export interface CallEvents {
  interim(head: ResponseHead): void;
  answer(answer: Answer): void;
  /** No answer head will come. `isUnanswered`: the connection closed before the server said a single byte. */
  failed(error: TrafficError, isUnanswered: boolean): void;
}

/** One request on the connection, and the source of its answer's body. */
class Call implements BodySource {
  readonly request: WireRequest;
  readonly events: CallEvents;
  readonly #connection: HttpConnection;
  isSent = false;
  isAnswered = false;
  sink: BodySink | undefined;
  /** The sink asked to wait, or was not given yet. */
  isHeld = false;

  constructor(request: WireRequest, events: CallEvents, connection: HttpConnection) {
    this.request = request;
    this.events = events;
    this.#connection = connection;
  }

  start(sink: BodySink): void {
    this.sink = sink;
    this.#connection.startBody(this, sink);
  }

  resume(): void {
    this.#connection.release(this);
  }

  abort(): void {
    this.#connection.abandon(this);
  }
}

/** Up to this size head and body become one buffer: one write is cheaper than two, and copying this much costs less. */
const ONE_WRITE_BYTES = 32 * 1024;

export class HttpConnection {
  readonly #socket: Socket;
  readonly #name: string;
  readonly #reader = new ResponseReader();
  readonly #onIdle: (connection: HttpConnection) => void;
  #call: Call | undefined;
  #isReading = false;
  /** Monotonic µs until which the server is trusted to keep it open; set by the pool. */
  idleUntilUs = 0;
  /** Monotonic µs after which it carries no further request; set by the pool. */
  usableUntilUs = Infinity;
  /** Header fields of the newest answer, for the pool to read `Keep-Alive`. */
  lastHeaders: readonly string[] = [];

  /** Takes over a connected socket, whose bytes come by `received`. `onIdle` is called whenever it could carry another request. */
  constructor(socket: Socket, name: string, onIdle: (connection: HttpConnection) => void) {
    this.#socket = socket;
    this.#name = name;
    this.#onIdle = onIdle;
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#ended());
    socket.on('error', error => this.#broke('the connection broke', error));
    socket.on('close', () => this.#broke('it closed the connection', undefined));
  }

  get isUsable(): boolean {
    return this.#call === undefined && !this.#socket.destroyed && this.#socket.writable;
  }

  /** Starts a request. The connection must be usable. */
  send(request: WireRequest, events: CallEvents): void {
    this.#call = new Call(request, events, this);
    this.#reader.begin(request.method);
    this.#write(this.#call);
  }

  /** Bytes of the socket; they may be kept. */
  received(bytes: Buffer): void {
    const call = this.#call;
    if (call === undefined) {
      // Bytes without a request: whatever they are, nobody may ever read them as an answer.
      this.#socket.destroy();
      return;
    }
    this.#reader.push(bytes);
    if (call.isHeld) this.#socket.pause();
    else this.#read(call);
  }

  /** The answer's body has a taker. */
  startBody(call: Call, sink: BodySink): void {
    if (this.#call === call) this.release(call);
    else sink.fail(this.#failure('the connection broke', undefined, 'body'));
  }

  /** The taker can go on. Of a call that is over, nothing more happens. */
  release(call: Call): void {
    if (this.#call !== call || !call.isHeld || call.sink === undefined) return;
    call.isHeld = false;
    this.#read(call);
    if (!call.isHeld && this.#socket.isPaused()) this.#socket.resume();
  }

  /** The taker lost interest. */
  abandon(call: Call): void {
    if (this.#call === call) this.destroy();
  }

  /** Ends it at once, whatever it carries. */
  destroy(): void {
    this.#call = undefined;
    this.#socket.destroy();
  }

  #write(call: Call): void {
    const { head, body, isChunked } = call.request;
    switch (body.kind) {
      case 'none':
        this.#socket.write(head, 'latin1');
        call.isSent = true;
        return;
      case 'whole':
        this.#writeWhole(head, body.bytes);
        call.isSent = true;
        return;
      case 'stream':
        this.#socket.write(head, 'latin1');
        body.source.start(isChunked ? this.#chunkedSink(call) : this.#plainSink(call));
    }
  }

  #writeWhole(head: string, bytes: Uint8Array): void {
    if (bytes.length <= ONE_WRITE_BYTES) {
      const all = Buffer.allocUnsafe(head.length + bytes.length);
      all.write(head, 0, 'latin1');
      all.set(bytes, head.length);
      this.#socket.write(all);
      return;
    }
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    this.#socket.write(bytes);
    this.#socket.uncork();
  }

  #plainSink(call: Call): BodySink {
    return {
      data: chunk => this.#call !== call || this.#socket.write(chunk),
      end: () => this.#bodySent(call),
      fail: () => this.#giveUp(call),
    };
  }

  #chunkedSink(call: Call): BodySink {
    const socket = this.#socket;
    return {
      data: chunk => {
        // A chunk of size 0 would end the body.
        if (this.#call !== call || chunk.length === 0) return true;
        socket.cork();
        socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
        socket.write(chunk);
        const isReady = socket.write('\r\n', 'latin1');
        socket.uncork();
        return isReady;
      },
      end: trailers => {
        if (this.#call !== call) return;
        let text = '0\r\n';
        for (let at = 0; at + 1 < trailers.length; at += 2) text += `${trailers[at]}: ${trailers[at + 1]}\r\n`;
        socket.write(`${text}\r\n`, 'latin1');
        this.#bodySent(call);
      },
      fail: () => this.#giveUp(call),
    };
  }

  #bodySent(call: Call): void {
    call.isSent = true;
  }

  /** The client broke off in the middle of its request: the server must not take what it got for all of it. */
  #giveUp(call: Call): void {
    if (this.#call === call) this.#broke('the client left', undefined);
  }

  #drained(): void {
    const call = this.#call;
    if (call !== undefined && !call.isSent && call.request.body.kind === 'stream') call.request.body.source.resume();
  }

  #ended(): void {
    this.#reader.finish();
    const call = this.#call;
    if (call !== undefined && !call.isHeld) this.#read(call);
  }

  /** Passes on what the reader has, until it needs more bytes or the taker needs a pause. */
  #read(call: Call): void {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#call === call && !call.isHeld && this.#readPart(call));
    } catch (error) {
      // Whoever took the bytes threw. That ends this one call; thrown on, it would end the process and every session in it.
      this.#broke('a defect of ours stopped its answer', error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#isReading = false;
    }
  }

  #readPart(call: Call): boolean {
    const part = this.#reader.next();
    switch (part.kind) {
      case 'more':
        return false;
      case 'interim':
        call.events.interim(part.head);
        return true;
      case 'head':
        call.isAnswered = true;
        this.lastHeaders = part.head.rawHeaders;
        // Until the answer's body is started; that is in this same tick unless a stage waits for something.
        call.isHeld = true;
        call.events.answer({
          status: part.head.status,
          statusText: part.head.statusText,
          rawHeaders: part.head.rawHeaders,
          body: call,
        });
        return false;
      case 'data':
        if (call.sink?.data(part.chunk) === false) this.#hold(call);
        return true;
      case 'end':
        this.#complete(call, part.trailers, part.isReusable);
        return false;
      case 'broken':
        this.#broke(part.reason, undefined);
        return false;
    }
  }

  #hold(call: Call): void {
    if (this.#call !== call) return;
    call.isHeld = true;
    this.#socket.pause();
  }

  #complete(call: Call, trailers: readonly string[], isReusable: boolean): void {
    this.#call = undefined;
    if (isReusable && call.isSent && this.#socket.writable) this.#onIdle(this);
    else {
      if (call.request.body.kind === 'stream' && !call.isSent) call.request.body.source.abort();
      this.#socket.destroy();
    }
    call.sink?.end(trailers);
  }

  /** Called for every way a connection can end; only the first one while a call is under way means anything. */
  #broke(reason: string, cause: Error | undefined): void {
    const call = this.#call;
    if (call === undefined) {
      this.#socket.destroy();
      return;
    }
    // The server closed properly and what it said before is still being taken.
    if (cause === undefined && call.isHeld && this.#socket.readableEnded) return;
    const isUnanswered = !this.#reader.hasBegun;
    this.destroy();
    if (call.request.body.kind === 'stream' && !call.isSent) call.request.body.source.abort();
    if (!call.isAnswered) call.events.failed(this.#failure(reason, cause, 'answer'), isUnanswered);
    // A body that nobody has started yet learns it in `start`.
    else call.sink?.fail(this.#failure(reason, cause, 'body'));
  }

  #failure(reason: string, cause: Error | undefined, phase: 'answer' | 'body'): TrafficError {
    return new TrafficError('UPSTREAM_BROKE', `${this.#name} was reached, but ${reason}.`, {
      ...(cause === undefined ? {} : { cause }),
      facts: { phase, may_have_executed: true },
    });
  }
}
