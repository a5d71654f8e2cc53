/** Looking at the messages of answers: what passes is untouched, what is changed is changed alone, what cannot be read does not slip by. */
import { describe, expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { anAnswer } from '../../../test/kit/an-exchange.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { mapAnswerMessages, type AnswerChanges } from './answer-messages.ts';
import { drop, type MessageChange } from './policy/changed-text.ts';
import type { BodySink, BodySource } from './stage.ts';

const same: MessageChange = () => undefined;
const change: MessageChange = ({ message }, text) => {
  if ('method' in message && message.method === 'drop') return drop;
  return 'method' in message && message.method === 'change' ? text.replace('change', 'CHANGED') : undefined;
};

/** A server that sends what it is told to, and an eye on what it is asked. */
class Source implements BodySource {
  sink: BodySink | undefined;
  aborted = 0;
  resumed = 0;

  start(sink: BodySink): void {
    this.sink = sink;
  }

  resume(): void {
    this.resumed += 1;
  }

  abort(): void {
    this.aborted += 1;
  }

  push(text: string, received?: string): boolean | undefined {
    return this.sink?.data(Buffer.from(text), received === undefined ? undefined : Buffer.from(received));
  }
}

class Taker implements BodySink {
  readonly chunks: (readonly [string, string | undefined])[] = [];
  isReady = true;
  end_: readonly string[] | TrafficError | undefined;

  data(chunk: Uint8Array, received?: Uint8Array): boolean {
    if (chunk.length === 0) throw new Error('An empty chunk would end a chunked body');
    this.chunks.push([Buffer.from(chunk).toString(), received === undefined ? undefined : Buffer.from(received).toString()]);
    return this.isReady;
  }

  end(trailers: readonly string[]): void {
    if (this.end_ !== undefined) throw new Error('It ended twice');
    this.end_ = trailers;
  }

  fail(error: TrafficError): void {
    if (this.end_ !== undefined) throw new Error('It ended twice');
    this.end_ = error;
  }

  get text(): string {
    return this.chunks.map(([chunk]) => chunk).join('');
  }
}

function mapped(type: string, changes: Partial<AnswerChanges> = {}, rawHeaders: readonly string[] = []) {
  const source = new Source();
  const taker = new Taker();
  const answer = mapAnswerMessages(anAnswer({ body: source, rawHeaders: ['Content-Type', type, ...rawHeaders] }), {
    upstream: 'files',
    change,
    maxBytes: 1024,
    isClosed: true,
    ...changes,
  });
  answer.body.start(taker);
  return { source, taker, answer };
}

const message = (method: string) => `{ "jsonrpc":"2.0", "method":"${method}","n":1.0 }`;
const event = (method: string) => `id: 1\ndata: ${message(method)}\n\n`;

describe('an event stream', () => {
  const stream = (changes: Partial<AnswerChanges> = {}) => mapped('text/event-stream; charset=utf-8', changes);

  test('passes unchanged chunks as they are, and whole events at once', () => {
    const { source, taker } = stream();
    source.push(event('a') + event('b'));
    source.push('data: {"json');
    expect(taker.chunks).toEqual([[event('a') + event('b'), undefined]]);
    source.push('rpc":"2.0","method":"c"}\n');
    source.push('\n');
    expect(taker.chunks[1]).toEqual(['data: {"jsonrpc":"2.0","method":"c"}\n\n', undefined]);
    source.sink?.end(['X', 'y']);
    expect(taker.end_).toEqual(['X', 'y']);
  });

  test('changes the data of an event and nothing else of it, and says what came', () => {
    const { source, taker } = stream();
    const raw = `: note\r\nevent: message\r\nid: 7\r\ndata: ${message('change')}\r\nretry: 5\r\n\r\n`;
    source.push(event('a') + raw + event('b'));
    expect(taker.chunks).toEqual([
      [event('a'), undefined],
      [raw.replace('change', 'CHANGED'), raw],
      [event('b'), undefined],
    ]);
  });

  test('drops a message, but not the id of its event; a comment is left where nothing else is', () => {
    const { source, taker } = stream();
    source.push(event('drop'));
    source.push(`data: ${message('drop')}\n\n`);
    expect(taker.chunks).toEqual([
      ['id: 1\n\n', event('drop')],
      [':\n\n', `data: ${message('drop')}\n\n`],
    ]);
  });

  test('reads data of several lines, a byte order mark, and events cut off by the end', () => {
    const { source, taker } = stream();
    source.push('\uFEFFdata: {"jsonrpc":"2.0",\ndata: "method":"change"}\n\n');
    source.push(`data:${message('drop')}\n`);
    source.sink?.end([]);
    expect(taker.chunks).toEqual([
      ['data: {"jsonrpc":"2.0",\ndata: "method":"CHANGED"}\n\n', '\uFEFFdata: {"jsonrpc":"2.0",\ndata: "method":"change"}\n\n'],
      [':\n\n', `data:${message('drop')}\n`],
    ]);
  });

  test('passes what is no message: comments at once, other events, primings', () => {
    const { source, taker } = stream();
    for (const text of [
      ': ping\n',
      ':\n\n',
      'id: 5\ndata:\n\n',
      'event: endpoint\ndata: /messages?x=1\n\n',
      'event: ping\ndata: {"drop":1}\n\n',
      'retry: 3\n\n',
    ])
      source.push(text);
    expect(taker.chunks.map(([chunk]) => chunk)).toEqual([
      ': ping\n',
      ':\n\n',
      'id: 5\ndata:\n\n',
      'event: endpoint\ndata: /messages?x=1\n\n',
      'event: ping\ndata: {"drop":1}\n\n',
      'retry: 3\n\n',
    ]);
  });

  test('a long event that begins with a comment is put together in linear time', () => {
    const { source, taker } = stream({ maxBytes: 16 * 1024 * 1024, isClosed: false });
    const line = `data: ${'x'.repeat(1000)}\n`;
    const startedMs = performance.now();
    source.push(': hello\n: there\ndata: 1\n');
    for (let count = 0; count < 8000; count += 1) source.push(line);
    expect(taker.chunks).toEqual([]);
    source.push('\n');
    expect(performance.now() - startedMs).toBeLessThan(2000);
    expect(taker.text.length).toBe(': hello\n: there\ndata: 1\n\n'.length + 8000 * line.length);
  });

  test('an event that comes byte by byte is put together, however long it is', () => {
    const { source, taker } = stream({ maxBytes: 1024 * 1024 });
    const text = `data: ${message('a').replace('1.0', `"${'x'.repeat(200_000)}"`)}\n\n`;
    for (const letter of text) source.push(letter);
    expect([taker.text === text, taker.end_]).toEqual([true, undefined]);
  });

  test('what is no JSON-RPC is dropped where something could hide in it, and passes otherwise', () => {
    const closed = stream();
    closed.source.push('data: {"jsonrpc":"2.0","id":1,"result":{"x":NaN}}\n\n');
    expect(closed.taker.text).toBe(':\n\n');
    const open = stream({ isClosed: false });
    open.source.push('data: hello\n\n');
    expect(open.taker.text).toBe('data: hello\n\n');
  });

  test('changes elements of a batch', () => {
    const { source, taker } = stream();
    source.push(`data: [ ${message('a')} , ${message('drop')}, ${message('change')} ]\n\n`);
    source.push(`data: [${message('drop')}]\n\n`);
    expect(taker.text).toBe(`data: [ ${message('a')}, ${message('CHANGED')} ]\n\n:\n\n`);
  });

  test('an event beyond the bound breaks off when closed, and passes unseen otherwise', () => {
    const long = `data: ${message('drop')}${' '.repeat(2000)}\n\n`;
    const closed = stream();
    closed.source.push(event('a'));
    closed.source.push(long);
    expect([closed.taker.end_, closed.source.aborted, closed.taker.text]).toEqual([
      expect.objectContaining({ code: 'UPSTREAM_BROKE' }),
      1,
      event('a'),
    ]);
    const open = stream({ isClosed: false });
    open.source.push(long.slice(0, 1500));
    expect(open.taker.text.length).toBe(1500);
    open.source.push(long.slice(1500));
    open.source.push(event('drop'));
    expect(open.taker.text).toBe(`${long}id: 1\n\n`);
  });

  test('hands on nothing that its taker is not ready for, and tells its source', () => {
    const { source, taker, answer } = stream();
    taker.isReady = false;
    expect(source.push(event('a') + event('change') + event('b'))).toBe(false);
    expect(taker.chunks).toHaveLength(1);
    source.sink?.end([]);
    answer.body.resume();
    expect([taker.chunks.length, source.resumed, taker.end_]).toEqual([2, 0, undefined]);
    taker.isReady = true;
    answer.body.resume();
    expect([taker.chunks.length, source.resumed, taker.end_]).toEqual([3, 1, []]);
  });

  test('failure and departure pass through', () => {
    const failing = stream();
    failing.source.push('data: {"half');
    const error = new TrafficError('UPSTREAM_BROKE', 'gone');
    failing.source.sink?.fail(error);
    expect([failing.taker.end_, failing.taker.text]).toEqual([error, '']);
    const left = stream();
    left.answer.body.abort();
    left.source.push(event('a'));
    left.source.sink?.end([]);
    expect([left.source.aborted, left.taker.chunks, left.taker.end_]).toEqual([1, [], undefined]);
  });

  test('a change that throws lets nothing pass', () => {
    const { source, taker } = stream({
      change: () => {
        throw new Error('bug');
      },
    });
    source.push(event('a'));
    expect([taker.end_, taker.chunks, source.aborted]).toEqual([expect.objectContaining({ code: 'INTERNAL' }), [], 1]);
  });

  test('keeps what somebody further in says of what came', () => {
    const { source, taker } = stream();
    source.push(event('a'), 'original a');
    source.push(event('change'), 'original change');
    expect(taker.chunks).toEqual([
      [event('a'), 'original a'],
      [event('CHANGED'), 'original change'],
    ]);
  });

  test('is the same bytes wherever the stream is cut', () => {
    const whole = `: hi\r\n\r\n${event('a')}data: é${event('b')}event: x\ndata: 1\n\n${event('c')}`;
    const bytes = Buffer.from(whole);
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 12 }), cuts => {
        const { source, taker } = stream({ isClosed: false });
        const edges = [0, ...cuts.sort((one, other) => one - other), bytes.length];
        for (const [at, edge] of edges.slice(1).entries()) source.sink?.data(bytes.subarray(edges[at], edge));
        source.sink?.end([]);
        expect(taker.text).toBe(whole);
      }),
    );
  });
});

describe('a whole body', () => {
  const json = (changes: Partial<AnswerChanges> = {}, rawHeaders: readonly string[] = []) =>
    mapped('application/json', changes, rawHeaders);

  test('passes in the chunks that it came in when nothing is changed', () => {
    const { source, taker, answer } = json({ change: same }, ['Content-Length', '99', 'X-A', '1']);
    source.push('{"jsonrpc":"2.0",');
    expect(taker.chunks).toEqual([]);
    source.push('"method":"a"}');
    source.sink?.end([]);
    expect([taker.chunks.map(([chunk]) => chunk), taker.end_]).toEqual([['{"jsonrpc":"2.0",', '"method":"a"}'], []]);
    expect(answer.rawHeaders).toEqual(['Content-Type', 'application/json', 'X-A', '1']);
  });

  test('is handed on changed as one, with what came', () => {
    const { source, taker } = json();
    source.push('{"jsonrpc":"2.0",');
    source.push('"method":"change"}', 'raw');
    source.sink?.end([]);
    expect(taker.chunks).toEqual([['{"jsonrpc":"2.0","method":"CHANGED"}', '{"jsonrpc":"2.0",raw']]);
  });

  test('a dropped message leaves an empty line', () => {
    const { source, taker } = json();
    source.push(message('drop'));
    source.sink?.end([]);
    expect(taker.chunks).toEqual([['\n', message('drop')]]);
  });

  test('an empty body stays one', () => {
    const { source, taker } = json();
    source.sink?.end([]);
    expect([taker.chunks, taker.end_]).toEqual([[], []]);
  });

  test('what is no JSON-RPC breaks off where something could hide in it', () => {
    const closed = json();
    closed.source.push('{"tools":NaN}');
    closed.source.sink?.end([]);
    expect([closed.taker.chunks, closed.taker.end_]).toEqual([[], expect.objectContaining({ code: 'UPSTREAM_BROKE' })]);
    for (const { source, taker } of [json({ isClosed: false }), mapped('text/plain')]) {
      source.push('Accepted');
      source.sink?.end([]);
      expect([taker.text, taker.end_]).toEqual(['Accepted', []]);
    }
  });

  test('an error of HTTP may have any body', () => {
    const source = new Source();
    const taker = new Taker();
    const answer = anAnswer({ status: 404, body: source });
    mapAnswerMessages(answer, { upstream: 'files', change, maxBytes: 100, isClosed: true }).body.start(taker);
    source.push('{"error":"not_found"}');
    source.sink?.end([]);
    expect(taker.text).toBe('{"error":"not_found"}');
  });

  test('is read whatever its type says', () => {
    const { source, taker } = mapped('text/plain');
    source.push(`\uFEFF${message('change')}`);
    source.sink?.end([]);
    expect(taker.text).toBe(message('CHANGED'));
  });

  test('that comes byte by byte is not kept as that many parts, and passes as it is', () => {
    const { source, taker } = json({ maxBytes: 1024 * 1024 });
    const text = message('a').replace('1.0', `"${'x'.repeat(5000)}"`);
    source.push(text.slice(0, 10));
    for (const letter of text.slice(10)) source.push(letter);
    source.sink?.end([]);
    expect([taker.text, taker.chunks.every(([, received]) => received === undefined)]).toEqual([text, true]);
    expect(taker.chunks.length).toBeLessThan(1100);
  });

  test('beyond the bound it breaks off when closed, and streams on unseen otherwise', () => {
    const closed = json();
    closed.source.push('x'.repeat(1025));
    expect([closed.taker.end_, closed.source.aborted]).toEqual([expect.objectContaining({ code: 'UPSTREAM_BROKE' }), 1]);
    const open = json({ isClosed: false });
    open.source.push('x'.repeat(1000));
    open.source.push('y'.repeat(100));
    open.source.push('z');
    expect(open.taker.chunks.map(([chunk]) => chunk.length)).toEqual([1000, 100, 1]);
  });
});

test('an encoded answer that would have to be looked at is refused, and its connection let go', () => {
  const source = new Source();
  const answer = anAnswer({ body: source, rawHeaders: ['Content-Encoding', 'gzip'] });
  expect(() => mapAnswerMessages(answer, { upstream: 'files', change, maxBytes: 10, isClosed: true })).toThrow(
    expect.objectContaining({ code: 'UPSTREAM_BROKE' }) as Error,
  );
  expect(source.aborted).toBe(1);
  expect(mapAnswerMessages(answer, { upstream: 'files', change, maxBytes: 10, isClosed: false })).toBe(answer);
});
