import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { HttpConnection } from './http-connection.ts';

test('a taker that throws ends its own call and nothing else', async () => {
  const server = createServer(socket => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      setTimeout(() => socket.write('5\r\nhello\r\n'), 20);
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const connection = new HttpConnection(socket, 'test', () => undefined);
  socket.on('data', (bytes: Buffer) => connection.received(bytes));
  const error = await new Promise(resolve => {
    connection.send(
      { method: 'GET', head: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', body: { kind: 'none' }, isChunked: false },
      {
        interim: () => undefined,
        failed: resolve,
        answer: ({ body }) =>
          body.start({
            data() {
              throw new TypeError('a defect');
            },
            end: () => undefined,
            fail: resolve,
          }),
      },
    );
  });
  expect(error).toMatchObject({ code: 'UPSTREAM_BROKE', cause: { message: 'a defect' } });
  expect(socket.destroyed).toBe(true);
  server.close();
});
