/**
 * What a client is told when the event stream that it waits on breaks off. A torn connection alone says nothing, and clients wait
 * for minutes: so the answer to its request, an error of ours, is the last event.
 */
import { SseReader } from '../../../shared/mcp/sse-reader.ts';
import { readBody } from '../../../shared/mcp/json-rpc.ts';
import type { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Guard } from '../../pipeline/guard.ts';
import { Parts } from '../../support/parts.ts';
import type { Answer } from '../../pipeline/stage.ts';
import { fieldValue } from '../../support/http-fields.ts';
import { ownLine, ownReason } from '../../traffic/own-answer.ts';

/** Longer streams are looked at up to here: whoever numbers events or answers early does so early. */
const MAX_BYTES = 64 * 1024;
const nothing = new Uint8Array(0);

export class LastWords {
  readonly #guard: Guard;
  readonly #isPossible: boolean;
  readonly #parts = new Parts();
  #sizeBytes = 0;
  #isSilenced = false;
  #tail: Uint8Array = nothing;

  /** Of an event stream. */
  constructor({ rawHeaders }: Pick<Answer, 'rawHeaders'>, guard: Guard) {
    this.#guard = guard;
    // A stream of a batch may have answered some of it; one with a length or an encoding has no room for anything more.
    this.#isPossible =
      !guard.isBatch &&
      guard.items[0]?.message.kind === 'request' &&
      fieldValue(rawHeaders, 'content-length') === undefined &&
      fieldValue(rawHeaders, 'content-encoding') === undefined;
  }

  push(chunk: Uint8Array): void {
    if (!this.#isPossible || this.#isSilenced) return;
    this.#tail = chunk;
    if (this.#sizeBytes > MAX_BYTES) return;
    this.#sizeBytes += chunk.length;
    this.#parts.push(chunk);
    if (this.#sizeBytes <= MAX_BYTES) return;
    this.#isSilenced = this.#isSaid();
    this.#parts.clear();
  }

  /** The event, or undefined where the stream has to be cut: it can be resumed, or its answer is there already. */
  about(error: TrafficError): Uint8Array | undefined {
    if (!this.#isPossible || this.#isSilenced || this.#isSaid()) return undefined;
    const text = ownLine(ownReason(error), this.#guard);
    if (text === undefined) return undefined;
    // Half an event is ended first: it is no JSON, so no client takes it for a message.
    const open = this.#sizeBytes === 0 || endsEvent(this.#tail) ? '' : '\n\n';
    return Buffer.from(`${open}event: message\ndata: ${text}\n\n`);
  }

  /** The request is answered, or events have ids: then a client of the legacy era fetches the rest with Last-Event-ID. */
  #isSaid(): boolean {
    let isSaid = false;
    let data: Uint8Array[] = [];
    const reader = new SseReader({
      raw: () => undefined,
      data: bytes => data.push(bytes),
      end({ id, isComplete }) {
        if (id !== undefined || (isComplete && isAnswer(Buffer.concat(data)))) isSaid = true;
        data = [];
      },
    });
    for (const part of this.#parts.list) reader.push(part);
    reader.finish();
    return isSaid;
  }
}

function isAnswer(data: Buffer): boolean {
  const read = readBody(data.toString('utf8'));
  return read.kind === 'message' && (read.message.kind === 'result' || read.message.kind === 'error');
}

function endsEvent(tail: Uint8Array): boolean {
  return /(?:\n\n|\r\r|\r\n\r\n)$/.test(Buffer.from(tail.subarray(-4)).toString('latin1'));
}
