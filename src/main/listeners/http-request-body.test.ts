/** How much of large bodies a door holds at once, and that it gets the room back. */
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { BodyRoom, receiveWholeBody } from './http-request-body.ts';

const kib = 1024;

class FakeResponse extends EventEmitter {
  closed = false;

  close(): void {
    this.closed = true;
    this.emit('close');
  }
}

function receive(room: BodyRoom, headers: Record<string, string>) {
  const request = Object.assign(new EventEmitter(), { headers, destroyed: false, resume: () => undefined });
  const response = new FakeResponse();
  const taken: { sizeBytes: number; isCut: boolean; code: string | undefined }[] = [];
  const ids: Promise<string | undefined>[] = [];
  receiveWholeBody(
    request as unknown as IncomingMessage,
    1000 * kib,
    () => room.holding(response as unknown as ServerResponse),
    ({ body, isCut, idRead, idText }, refusal) => {
      taken.push({ sizeBytes: body.kind === 'whole' ? body.bytes.length : 0, isCut, code: refusal?.code });
      ids.push(idRead().then(idText));
    },
  );
  const sendText = (text: string) => request.emit('data', Buffer.from(text));
  return {
    send: (bytes: number) => request.emit('data', Buffer.alloc(bytes)),
    sendText,
    end: () => request.emit('end'),
    response,
    taken,
    ids,
  };
}

test.each([{ 'content-length': String(600 * kib) }, { 'transfer-encoding': 'chunked' }])(
  'of %o: one too many is told to come back',
  headers => {
    const room = new BodyRoom(1000 * kib);
    const first = receive(room, headers);
    first.send(600 * kib);
    first.end();
    expect(first.taken).toEqual([{ sizeBytes: 600 * kib, isCut: false, code: undefined }]);

    const second = receive(room, headers);
    second.send(300 * kib);
    second.send(300 * kib);
    second.end();
    // What came is kept for the record; the rest is read and forgotten.
    expect(second.taken).toEqual([{ sizeBytes: 300 * kib, isCut: false, code: 'UNAVAILABLE' }]);

    second.response.close();
    first.response.close();
    const third = receive(room, headers);
    third.send(600 * kib);
    third.end();
    expect(third.taken).toMatchObject([{ code: undefined }]);
  },
);

test.each([
  ['before its long part', '{"id":"mine","method":"tools/call","params":"', '"}'],
  ['behind it', '{"params":"', '","method":"tools/call","id":"mine"}'],
])('a body in chunks that is too long is refused with its id, which stands %s', async (_, before, after) => {
  const { sendText, send, end, taken, ids } = receive(new BodyRoom(2000 * kib), { 'transfer-encoding': 'chunked' });
  sendText(before);
  sendText('x'.repeat(600 * kib));
  sendText('x'.repeat(600 * kib));
  sendText(after);
  end();
  send(1);
  expect(taken).toMatchObject([{ isCut: false, code: 'BODY_TOO_LARGE' }]);
  expect(await Promise.all(ids)).toEqual(['"mine"']);
});

test('small bodies find room where there is none, and a client that left holds none', () => {
  const room = new BodyRoom(0);
  const small = receive(room, { 'content-length': '10' });
  small.send(10);
  expect(small.taken).toEqual([{ sizeBytes: 10, isCut: false, code: undefined }]);

  const other = new BodyRoom(1000 * kib);
  const left = receive(other, { 'content-length': String(900 * kib) });
  left.send(800 * kib);
  left.response.close();
  left.send(50 * kib);
  const next = receive(other, { 'content-length': String(900 * kib) });
  next.send(900 * kib);
  expect(next.taken).toMatchObject([{ code: undefined }]);
});
