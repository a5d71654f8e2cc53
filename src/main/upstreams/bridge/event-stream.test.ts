/** Streams that we write: framing, slow takers, and how they end. */
import { expect, test } from 'vitest';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import { EventStream } from './event-stream.ts';

function taken(stream: EventStream, isReady: () => boolean = () => true) {
  const heard = { text: '', end: 'open' as string };
  stream.start({
    data(chunk) {
      heard.text += Buffer.from(chunk).toString();
      return isReady();
    },
    end: () => (heard.end = 'clean'),
    fail: error => (heard.end = error.code),
  });
  return heard;
}

test('a message with line ends becomes an event of several data fields, however they are written', () => {
  const stream = new EventStream({ onLeft: () => undefined });
  stream.message(Buffer.from('{"a":1,\n"b":2,\r\n"c":3,\r"d":4}'));
  stream.end();
  expect(taken(stream)).toEqual({ text: 'event: message\ndata: {"a":1,\ndata: "b":2,\ndata: "c":3,\ndata: "d":4}\n\n', end: 'clean' });
});

test('a slow taker is waited for, told to the writer, and gets everything before the end', () => {
  const full: boolean[] = [];
  const stream = new EventStream({ onLeft: () => undefined, onFull: isFull => full.push(isFull), fullBytes: 100 });
  let isReady = false;
  const heard = taken(stream, () => isReady);
  for (let at = 0; at < 4; at += 1) stream.message(Buffer.from(`"${'x'.repeat(40)}${at}"`));
  stream.fail(new TrafficError('UPSTREAM_BROKE', 'gone'));
  expect([full, heard.end, stream.isOpen]).toEqual([[true], 'open', false]);
  isReady = true;
  stream.resume();
  expect([full, heard.end, heard.text.match(/data:/g)?.length, stream.waitingBytes]).toEqual([[true, false], 'UPSTREAM_BROKE', 4, 0]);
});

test('a taker that leaves is told once, and only while the stream was open', () => {
  let left = 0;
  const stream = new EventStream({ onLeft: () => (left += 1) });
  stream.message(Buffer.from('1'));
  stream.abort();
  stream.abort();
  stream.message(Buffer.from('2'));
  const ended = new EventStream({ onLeft: () => (left += 1) });
  ended.end();
  ended.abort();
  expect([left, stream.waitingBytes]).toEqual([1, 0]);
});
