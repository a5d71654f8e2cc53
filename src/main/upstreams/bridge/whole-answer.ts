/** Answers whose body is there at once. */
import { STATUS_CODES } from 'node:http';
import type { Answer, BodySource } from '../../pipeline/stage.ts';

/** One JSON text. */
export function jsonAnswer(bytes: Uint8Array, status = 200, headers: readonly string[] = []): Answer {
  return {
    status,
    statusText: STATUS_CODES[status] ?? '',
    rawHeaders: ['Content-Type', 'application/json', 'Content-Length', String(bytes.length), ...headers],
    body: wholeBody(bytes),
  };
}

/** No body. 202 for notifications and answers (2025-03-26 and later, Streamable HTTP), 204 for a session that ended, 405. */
export function emptyAnswer(status: number, headers: readonly string[] = []): Answer {
  const length = status === 204 ? [] : ['Content-Length', '0'];
  return { status, statusText: STATUS_CODES[status] ?? '', rawHeaders: [...length, ...headers], body: wholeBody(undefined) };
}

function wholeBody(bytes: Uint8Array | undefined): BodySource {
  let isOver = false;
  return {
    start(sink) {
      if (isOver) return;
      if (bytes !== undefined && bytes.length > 0) sink.data(bytes);
      isOver = true;
      sink.end([]);
    },
    resume() {},
    abort() {
      isOver = true;
    },
  };
}
