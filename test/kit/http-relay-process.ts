/**
 * The HTTP path in a process of its own, whose memory can be measured: prints one JSON line with its port, and one with
 * its resident memory whenever a line comes in on stdin.
 *
 *   node test/kit/http-relay-process.ts UPSTREAM_URL
 */
import { startRelay } from './http-relay.ts';

const [upstreamUrl = ''] = process.argv.slice(2);
// Records are dropped: what is measured is the path, not the memory that a test keeps them in.
const relay = await startRelay(upstreamUrl, { sink: { session() {}, frame() {}, exchange() {} } });
process.stdout.write(`${JSON.stringify({ port: relay.port })}\n`);
process.stdin.on('data', () => process.stdout.write(`${JSON.stringify({ rssBytes: process.memoryUsage.rss() })}\n`));
process.stdin.on('end', () => process.exit(0));
