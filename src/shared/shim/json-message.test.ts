import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { jsonBytes, readHello, readLifecycle, readMode, readRefusal, readSpoolHeader, readWelcome } from './json-message.ts';
import type { ShimHello, ShimSession } from './protocol.ts';

const session: ShimSession = {
  id: 'abcdefgh1234',
  startedAt: 5,
  pid: 7,
  pidMark: '99',
  name: '',
  command: ['npx', 'x'],
  clientName: 'claude',
};
const hello: ShimHello = {
  protocolVersion: 1,
  secret: 's',
  session,
  lastSeq: 4,
  isOver: false,
  wasOffline: true,
  modes: ['transparent', 'active'],
};

test('each message reads as what it was written from', () => {
  expect(readHello(jsonBytes(hello))).toEqual(hello);
  expect(readSpoolHeader(jsonBytes({ protocolVersion: 1, session }))).toEqual({ protocolVersion: 1, session });
  expect(readWelcome(jsonBytes({ protocolVersion: 1, committedSeq: 9, modes: ['transparent'] }))).toEqual({
    protocolVersion: 1,
    committedSeq: 9,
    modes: ['transparent'],
  });
  const mode = { isActive: true, isClosedOnLoss: false };
  expect(readWelcome(jsonBytes({ protocolVersion: 1, committedSeq: 9, modes: ['active'], mode }))).toMatchObject({ mode });
  expect(readMode(jsonBytes(mode))).toEqual(mode);
  expect(readMode(jsonBytes({ ...mode, judgesServer: true }))).toEqual({ ...mode, judgesServer: true });
  expect(readMode(jsonBytes({ isActive: 1 }))).toBeUndefined();
  // A shim from before the active mode says nothing of modes.
  const { modes, ...older } = hello;
  expect(readHello(jsonBytes(older))).toEqual({ ...hello, modes: [] });
  expect(modes).toHaveLength(2);
  expect(readRefusal(jsonBytes({ code: 'bad-secret', reason: 'r' }))).toEqual({ code: 'bad-secret', reason: 'r' });
  expect(readLifecycle(jsonBytes({ event: 'exited', code: 0, signal: null }))).toEqual({ event: 'exited', code: 0, signal: null });
});

test('a session id that could leave its directory is no id', () => {
  for (const id of ['../../etc/passwd', 'a/b/c/d/e', 'short', 'x'.repeat(65), ''])
    expect(readHello(jsonBytes({ ...hello, session: { ...session, id } }))).toBeUndefined();
});

test('what is not such a message reads as undefined and never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map(text => new TextEncoder().encode(text)),
      ),
      bytes => {
        expect(readHello(bytes)).toBeUndefined();
        expect(readSpoolHeader(bytes)).toBeUndefined();
        expect(readWelcome(bytes)).toBeUndefined();
      },
    ),
  );
});
