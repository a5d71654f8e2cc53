/** Whether an answer that passes is an error of the protocol or of the tool: found in its bytes, parsed only where the words are there. */
import { factsOf } from '../../../shared/mcp/facts.ts';
import { readBody } from '../../../shared/mcp/json-rpc.ts';
import { Parts } from '../../support/parts.ts';

/** Beyond this an answer is counted without its kind of error. */
const MAX_BYTES = 64 * 1024;

export class AnswerLook {
  readonly #isEventStream: boolean;
  readonly #parts = new Parts();
  #sizeBytes = 0;

  constructor(isEventStream: boolean) {
    this.#isEventStream = isEventStream;
  }

  push(chunk: Uint8Array): void {
    if (this.#sizeBytes > MAX_BYTES) return;
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > MAX_BYTES) this.#parts.clear();
    else this.#parts.push(chunk);
  }

  /** The JSON-RPC error code as text, `tool` for `isError: true`, undefined for success and for what is too long to tell. */
  get errorType(): string | undefined {
    if (this.#parts.count === 0) return undefined;
    const all = this.#parts.joined();
    const bytes = Buffer.from(all.buffer, all.byteOffset, all.byteLength);
    if (!bytes.includes('"error"') && !bytes.includes('"isError"')) return undefined;
    const texts = this.#isEventStream ? dataLines(bytes) : [bytes.toString('utf8')];
    return texts.map(text => errorTypeOf(text)).find(found => found !== undefined);
  }
}

function errorTypeOf(text: string): string | undefined {
  const read = readBody(text);
  const items = read.kind === 'batch' ? read.items : [read];
  for (const item of items) {
    if (item.kind !== 'message') continue;
    if (item.message.kind === 'error') return String(item.message.error.code);
    if (item.message.kind === 'result' && factsOf(item.message).isToolError) return 'tool';
  }
  return undefined;
}

/** Data of single-line events: servers write a message on one line, and a miss here costs a label. */
function dataLines(bytes: Buffer): string[] {
  return bytes
    .toString('utf8')
    .split(/\r\n|\r|\n/)
    .flatMap(line => (line.startsWith('data:') ? [line.slice(5)] : []));
}
