/** What the client reads: one message a line on stdout, and nothing else, ever. */
import type { Writable } from 'node:stream';
import { errorTable, type ErrorCode } from '../../../shared/errors/error-table.ts';

/** A failure, told to the client as the answer to its request. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

const LF = 10;
const CR = 13;
const SPACE = 0x20;

export class LineOutput {
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  readonly #gone = Promise.withResolvers<void>();
  #drained: Promise<void> | undefined;

  constructor(stdout: Writable, stderr: Writable) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    const gone = () => this.#gone.resolve();
    stdout.on('error', gone);
    stdout.on('close', gone);
    stderr.on('error', () => undefined);
  }

  /** Resolves when nobody reads any more. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** The exact text of a message; line ends between its tokens become spaces, because a line holds one message. */
  message(bytes: Uint8Array): void {
    const isPlain = !bytes.includes(LF) && !bytes.includes(CR);
    const line = isPlain ? bytes : bytes.map(byte => (byte === LF || byte === CR ? SPACE : byte));
    this.#stdout.write(line);
    if (this.#stdout.write('\n')) return;
    this.#drained ??= new Promise<void>(resolve => this.#stdout.once('drain', resolve)).then(() => (this.#drained = undefined));
  }

  /** To wait for before reading on, while the client reads slowly. */
  ready(): Promise<unknown> | undefined {
    return this.#drained === undefined ? undefined : Promise.race([this.#drained, this.#gone.promise]);
  }

  /** The answer to a request that the server did not give. */
  failure(idText: string, { code, message, facts }: Failure): void {
    const { rpcCode, advice } = errorTable[code];
    const error = JSON.stringify({ code: rpcCode, message: `${message} ${advice}`, data: { reason: code, ...facts } });
    this.message(Buffer.from(`{"jsonrpc":"2.0","id":${idText},"error":${error}}`));
  }

  /** For a person. */
  remark(text: string): void {
    this.#stderr.write(`shadowcat: ${text}\n`);
  }

  /** Resolves once everything is written, or nobody reads. */
  flushed(): Promise<unknown> {
    return Promise.race([new Promise<void>(resolve => this.#stdout.write('', () => resolve())), this.#gone.promise]);
  }
}
