/** Reads the body of a call: a small JSON object. */
import type { IncomingMessage } from 'node:http';
import { TrafficError } from '../../shared/errors/error-table.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** An empty body is an empty object. Rejects with BODY_TOO_LARGE or BAD_REQUEST. */
export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new TrafficError('BODY_TOO_LARGE', `A call takes at most ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  if (size === 0) return {};
  try {
    const json: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new TrafficError('BAD_REQUEST', 'The body of a call is a JSON object.');
}
