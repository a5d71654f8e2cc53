/** Memory stays bounded, whatever passes: measured in a process that does nothing but relay. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { rawUpstream, type RawRequest } from '../kit/raw-upstream.ts';

class RelayProcess implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  port = 0;

  constructor(upstreamUrl: string) {
    this.#child = spawn(process.execPath, [join(import.meta.dirname, '../kit/http-relay-process.ts'), upstreamUrl], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async start(): Promise<this> {
    this.port = ((await this.#next()) as { port: number }).port;
    return this;
  }

  async rssBytes(): Promise<number> {
    this.#child.stdin.write('\n');
    return ((await this.#next()) as { rssBytes: number }).rssBytes;
  }

  async #next(): Promise<unknown> {
    const { value } = await this.#lines.next();
    return JSON.parse(value as string);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.stdin.end();
    await exited;
  }
}

const piece = Buffer.alloc(500_000, 'x');
const pieceCount = 200;

/** 100 MB in one JSON string: as a body, or as one SSE event. */
async function sendHuge(request: RawRequest): Promise<void> {
  const isStream = request.path === '/events';
  request.startEvents({ 'Content-Type': isStream ? 'text/event-stream' : 'application/json' });
  request.chunk(`${isStream ? 'data: ' : ''}{"jsonrpc":"2.0","result":{"s":"`);
  for (let n = 0; n < pieceCount; n += 1) {
    request.chunk(piece);
    await request.drained();
  }
  request.chunk(`"},"id":1}${isStream ? '\n\n' : ''}`);
  request.endChunks();
}

test.each(['/mcp', '/events'])(
  'checklist 37: 100 MB at %s pass with less than 60 MB of memory, also when the client reads slowly',
  async path => {
    await using upstream = await rawUpstream(sendHuge);
    await using relay = await new RelayProcess(upstream.url).start();
    const warm = await fetch(`http://127.0.0.1:${relay.port}${path}`, { method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"m"}' });
    await warm.arrayBuffer();
    const before = await relay.rssBytes();
    let most = before;
    const response = await fetch(`http://127.0.0.1:${relay.port}${path}`, {
      method: 'POST',
      body: '{"jsonrpc":"2.0","id":1,"method":"m"}',
    });
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let nextLookAt = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes < nextLookAt) continue;
      nextLookAt = sizeBytes + 10_000_000;
      // A pause: without back-pressure everything would pile up in the relay now.
      await new Promise(resolve => setTimeout(resolve, 60));
      most = Math.max(most, await relay.rssBytes());
    }
    expect(sizeBytes).toBeGreaterThan(pieceCount * piece.length);
    expect((most - before) / 1e6).toBeLessThan(60);
  },
);
