import { describe, expect, test } from 'vitest';
import { EventWatch, JsonWatch, type AnswerWatch } from './answer-watch.ts';

const result = '{"jsonrpc":"2.0","id":1,"result":{"method":"x"}}';

function feed(watch: AnswerWatch, text: string, size: number): AnswerWatch {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) watch.push(bytes.subarray(at, at + size));
  return watch;
}

describe.each([1, 7, 100_000])('in pieces of %i bytes', size => {
  test.each([
    [result, 'complete'],
    ['{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}', 'complete'],
    [` \n[${result}]`, 'complete'],
    ['{"status":"ok"}', 'no-json-rpc'],
    ['', 'no-json-rpc'],
    ['<html>result</html>', 'no-json-rpc'],
    ['"result"', 'no-json-rpc'],
    ['{"jsonrpc":"2.0","id":1,"result":{"text":"and then', 'no-json-rpc'],
    ['{"jsonrpc":"2.0","id":1,"result":{', 'no-json-rpc'],
  ])('a body %s is %s', (text, worth) => {
    expect(feed(new JsonWatch(), text, size).end()).toBe(worth);
  });

  test('a stream is answered with its last result, and what the server asks on the way is told', () => {
    const asked: string[] = [];
    const watch = new EventWatch(2, { asked: id => asked.push(id) });
    feed(watch, ': hi\n\nevent: message\r\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\r\n\r\n', size);
    feed(watch, 'data: {"jsonrpc":"2.0","id":"s-1",\ndata: "method":"sampling/createMessage","params":{"result":1}}\n\n', size);
    feed(watch, `data: ${result}\n\n`, size);
    expect(watch.isAnswered).toBe(false);
    feed(watch, 'data: {"jsonrpc":"2.0","id":2,"error":{"code":1,"message":""}}\n\n', size);
    expect(watch.isAnswered).toBe(true);
    // A ping is no question to anybody.
    feed(watch, 'data: {"jsonrpc":"2.0","id":"s-2","method":"ping"}\n\n', size);
    expect(asked).toEqual(['"s-1"']);
    expect(watch.end()).toBe('complete');
  });

  test('a stream that ends early is lost, unless it can be resumed; half an event is none', () => {
    const silent = { asked: () => undefined };
    expect(feed(new EventWatch(1, silent), ': nothing\n\n', size).end()).toBe('no-result');
    expect(feed(new EventWatch(1, silent), `data: ${result}\n`, size).end()).toBe('no-result');
    expect(feed(new EventWatch(1, silent), 'id: 7\ndata:\n\n', size).end()).toBe('cut-resumable');
    expect(feed(new EventWatch(2, silent), `data: [${result},${result}]\n\n`, size).end()).toBe('complete');
  });
});
