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

let portCount = 0;

/**
 * A loopback port that nobody listens on. It lies below those that a system gives to whoever names none, and in a row of this test
 * process alone: one that was only free a moment ago may be somebody else's by the time it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const place = process.pid * 64 + Number(process.env['VITEST_POOL_ID'] ?? 0) * 32 + portCount;
    portCount += 1;
    const port = 20_000 + (place % 12_000);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isListening = await new Promise<boolean>(resolve =>
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)),
  );
  if (isListening) await new Promise(resolve => server.close(resolve));
  return isListening;
}
