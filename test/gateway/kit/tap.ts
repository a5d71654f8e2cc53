/** A TCP relay before a real server, which keeps what passed towards it: the proof of what a gateway sends, whoever the server is. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Tap extends AsyncDisposable {
  readonly port: number;
  /** Every byte that was sent towards the server, latin1. */
  sent(): string;
}

/** Opens it on a free loopback port, before another one. */
export async function startTap(serverPort: number): Promise<Tap> {
  const chunks: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(incoming => {
    const outgoing = connect(serverPort, '127.0.0.1');
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => Buffer.concat(chunks).toString('latin1'),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
