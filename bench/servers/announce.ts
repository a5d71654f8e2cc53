/** What the small servers of the benchmark have in common: say where they listen, and end when the benchmark is gone. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Listens on a free loopback port and prints `{"url":…}`, with further facts where there are some. */
export function announce(server: Server, path = '/mcp', facts: Readonly<Record<string, string>> = {}): void {
  // A kept connection that is closed while idle would look like a failure of the hop in front.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}${path}`, ...facts })}\n`);
  });
  endWithParent();
}

/** Standard input is a pipe from the benchmark: its end means that the benchmark was killed. */
export function endWithParent(): void {
  process.stdin
    .on('end', () => process.exit(0))
    .on('error', () => process.exit(0))
    .resume();
}
