/** A server of endless SSE streams: every GET gets `--rate` events a second, each with the moment it was written. */
import { createServer } from 'node:http';
import { announce } from './announce.ts';

const everyMs = 1_000 / Number(process.argv[3] ?? 50);
let streamCount = 0;

announce(
  createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    response.flushHeaders();
    response.socket?.setNoDelay(true);
    let count = 0;
    let ticker: NodeJS.Timeout | undefined;
    const write = () => {
      count += 1;
      const params = { progressToken: 1, progress: count, sentAt: String(process.hrtime.bigint()) };
      response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })}\n\n`);
    };
    // Streams are spread over the interval: all at once would measure a burst, not an event.
    const first = setTimeout(() => (ticker = setInterval(write, everyMs)), (streamCount++ % 20) * (everyMs / 20));
    response.on('close', () => {
      clearTimeout(first);
      clearInterval(ticker);
    });
  }),
);
