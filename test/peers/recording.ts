/** Reads a recording the way a person would: with `shadowcat session list` and `session show`. */
import { expect } from 'vitest';
import { z } from 'zod';
import { FrameSummary } from '../../src/shared/model/frame.ts';
import { SessionSummary } from '../../src/shared/model/session.ts';
import type { SeenMessage } from './peer.ts';
import { shadowcatJson } from './shadowcat.ts';

const SessionList = z.array(SessionSummary);
const ShownSession = z.object({ session: SessionSummary, frames: z.array(FrameSummary) });

/** One recorded session with all its frames. */
export type RecordedSession = z.infer<typeof ShownSession>;

// Frames are written in batches after they were forwarded, and a wrapped server's may wait for a host to take them.
const recordedWithinMs = 15_000;

/** All sessions of a data directory, oldest first. */
export async function recordedSessions(data: { dataDir: string; home: string }): Promise<RecordedSession[]> {
  const sessions = SessionList.parse(await shadowcatJson(['session', 'list', '--data-dir', data.dataDir], data.home));
  const shown: RecordedSession[] = [];
  for (const { id } of sessions.toSorted((a, b) => a.startedAt - b.startedAt)) {
    shown.push(ShownSession.parse(await shadowcatJson(['session', 'show', id, '--data-dir', data.dataDir], data.home)));
  }
  return shown;
}

/**
 * Holds a recording against what the client's own transport saw: every JSON-RPC message is there, in both directions,
 * with its id, and nothing else that looks like one. From the client the order is the one it sent in; from the server
 * it is so on stdio, while over HTTP several streams race each other.
 */
export async function expectRecorded(
  data: { dataDir: string; home: string },
  wire: { seen: readonly SeenMessage[]; transport: 'stdio' | 'streamable-http' | 'http-sse'; sessions?: number },
): Promise<void> {
  await expect
    .poll(async () => messagesOf(conversationsOf(await recordedSessions(data)), 'fromClient').length, {
      timeout: recordedWithinMs,
      interval: 250,
    })
    .toBe(wire.seen.filter(({ direction }) => direction === 'fromClient').length);

  const sessions = conversationsOf(await recordedSessions(data));
  expect(sessions).toHaveLength(wire.sessions ?? 1);
  for (const { session, frames } of sessions) {
    expect(session.transport).toBe(wire.transport);
    expect(session.frameCount).toBe(frames.length);
    expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1));
  }
  expect(messagesOf(sessions, 'fromClient')).toEqual(seenTexts(wire.seen, 'fromClient'));
  const fromServer = messagesOf(sessions, 'fromServer');
  const seenFromServer = seenTexts(wire.seen, 'fromServer');
  if (wire.transport === 'stdio') expect(fromServer).toEqual(seenFromServer);
  else expect(fromServer.toSorted()).toEqual(seenFromServer.toSorted());
}

/** Without the processes a client started only to ask for the era. */
export function conversationsOf(sessions: readonly RecordedSession[]): RecordedSession[] {
  return sessions.filter(({ session }) => !session.isProbe);
}

/** The JSON-RPC messages of one direction, oldest first, as `method id`, `result id` or `error id`. */
export function messagesOf(sessions: readonly RecordedSession[], direction: SeenMessage['direction']): string[] {
  const kinds: readonly string[] = ['request', 'notification', 'result', 'error'];
  return (
    sessions
      .flatMap(({ frames }) => frames)
      .filter(frame => frame.direction === direction && kinds.includes(frame.kind))
      .toSorted((a, b) => a.at - b.at || a.seq - b.seq)
      // An answer's frame may also name the method it answers; here only what it is itself counts.
      .map(({ kind, method, idText }) => messageText(kind === 'result' || kind === 'error' ? kind : (method ?? kind), idText))
  );
}

function seenTexts(seen: readonly SeenMessage[], direction: SeenMessage['direction']): string[] {
  return seen.filter(message => message.direction === direction).map(({ what, id }) => messageText(what, id));
}

function messageText(what: string, id: string | undefined): string {
  return id === undefined ? what : `${what} ${id}`;
}
