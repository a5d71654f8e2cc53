/** Frames that have no JSON-RPC method, in words. */
import { expect, test } from 'vitest';
import type { FrameSummary } from '../../shared/model/frame.ts';
import { frameNamer, previewOf } from './frame-words.ts';

function frame(fields: Partial<FrameSummary>): FrameSummary {
  return {
    sessionId: 's',
    seq: 1,
    at: 0,
    monotonicUs: 0,
    direction: 'fromClient',
    transport: 'streamable-http',
    delivery: 'body',
    kind: 'http',
    sizeBytes: 0,
    storedBytes: 0,
    flags: [],
    verdicts: [],
    preview: '',
    ...fields,
  };
}

const fact = (value: unknown) => previewOf(frame({ kind: 'lifecycle', preview: JSON.stringify(value) }), false);

test('the answer to a bare request repeats it; the answer to a message has its status and type', () => {
  const nameOf = frameNamer();
  expect(nameOf(frame({ hopId: '1', http: { method: 'GET', path: '/mcp?a=1', headers: [] } }))).toBe('GET /mcp?a=1');
  const stream = { status: 200, headers: [['Content-Type', 'text/event-stream; charset=utf-8']] satisfies [string, string][] };
  expect(nameOf(frame({ hopId: '2', http: stream }))).toBe('200 text/event-stream');
  expect(nameOf(frame({ hopId: '1', http: { status: 405, headers: [] } }))).toBe('GET /mcp?a=1 405');
  expect(nameOf(frame({ hopId: '1', http: { status: 202, headers: [] } }))).toBe('202');
  expect(nameOf(frame({ delivery: 'event' }))).toBe('event');
  expect(nameOf(frame({ kind: 'request', method: 'tools/list', http: { method: 'POST', path: '/mcp', headers: [] } }))).toBe('tools/list');
});

test('bare requests that are never answered are forgotten', () => {
  const nameOf = frameNamer();
  for (let hop = 0; hop <= 1000; hop += 1) nameOf(frame({ hopId: String(hop), http: { method: 'GET', path: '/mcp', headers: [] } }));
  const answer = { status: 200, headers: [] };
  expect([nameOf(frame({ hopId: '0', http: answer })), nameOf(frame({ hopId: '1', http: answer }))]).toEqual(['200', 'GET /mcp 200']);
});

test('facts of a session are sentences; one of another version stays as it is', () => {
  expect(fact({ event: 'started', pid: 28_057 })).toBe('server started, pid 28057');
  expect(fact({ event: 'exited', code: 0, signal: null })).toBe('server exited with code 0');
  expect(fact({ event: 'exited', code: null, signal: 'SIGTERM' })).toBe('server ended by SIGTERM');
  expect(fact({ event: 'tired', much: true })).toBe('{"event":"tired","much":true}');
  expect(previewOf(frame({ kind: 'lifecycle', preview: 'no JSON' }), false)).toBe('no JSON');
});

test('a preview is cut between characters, except on a terminal, whose edge cuts it', () => {
  const preview = '🦊'.repeat(130);
  expect(previewOf(frame({ preview }), false)).toBe(`${'🦊'.repeat(119)}…`);
  expect(previewOf(frame({ preview }), true)).toBe(preview);
});
