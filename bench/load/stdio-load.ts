/** Speaks to a stdio server, through a relay or not: one line after the other, or as many bytes as fit. */
import type { Running } from '../stand.ts';

const newline = 10;

/** Round trips one at a time, in µs each. The line is about `lineBytes` long. */
export async function roundTrips(server: Running, load: { lineBytes: number; maxCount: number; maxMs: number }): Promise<number[]> {
  const latenciesUs: number[] = [];
  const startedAt = performance.now();
  let id = 0;
  while (latenciesUs.length < load.maxCount && performance.now() - startedAt < load.maxMs) {
    const line = requestLine((id += 1), load.lineBytes);
    const sentAt = performance.now();
    await exchange(server, line, 1);
    latenciesUs.push((performance.now() - sentAt) * 1_000);
  }
  return latenciesUs;
}

/** Sends large lines with `windowCount` unanswered at most. Resolves to MB (10^6 bytes) of requests a second; answers are as large. */
export async function volume(server: Running, load: { lineBytes: number; windowCount: number; forMs: number }): Promise<number> {
  const startedAt = performance.now();
  let doneCount = 0;
  // Batches of a window: the next starts when all answers are here. Same for every hop, and simple to bound.
  while (performance.now() - startedAt < load.forMs) {
    const lines = Array.from({ length: load.windowCount }, (_, index) => requestLine(doneCount + index, load.lineBytes));
    await exchange(server, Buffer.concat(lines), load.windowCount);
    doneCount += load.windowCount;
  }
  return (doneCount * load.lineBytes) / 1e6 / ((performance.now() - startedAt) / 1_000);
}

const answerDeadlineMs = 15_000;

/** Writes and waits for that many lines. */
function exchange(server: Running, bytes: Buffer, answerCount: number): Promise<void> {
  const { stdin, stdout } = server.child;
  if (stdin === null || stdout === null) throw new Error(`${server.name} has no pipes`);
  return new Promise((resolve, reject) => {
    let missing = answerCount;
    const finish = (error?: Error) => {
      clearTimeout(late);
      stdout.off('data', read);
      server.child.off('exit', ended);
      if (error === undefined) resolve();
      else reject(error);
    };
    const read = (chunk: Buffer) => {
      for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) missing -= 1;
      if (missing <= 0) finish();
    };
    const ended = () => finish(new Error(`${server.name} ended: ${server.stderr().slice(-1_000)}`));
    const late = setTimeout(() => finish(new Error(`${server.name} did not answer within ${answerDeadlineMs} ms`)), answerDeadlineMs);
    stdout.on('data', read);
    server.child.once('exit', ended);
    stdin.write(bytes);
  });
}

function requestLine(id: number, lineBytes: number): Buffer {
  const around = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"text":""}}}\n`;
  const text = 'y'.repeat(Math.max(0, lineBytes - around.length));
  return Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"text":"${text}"}}}\n`);
}
