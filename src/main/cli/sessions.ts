/** What the session commands share: finding a session by what a person typed, and paging through one. */
import type { FrameSummary } from '../../shared/model/frame.ts';
import type { SessionSummary } from '../../shared/model/session.ts';
import type { CallHost } from './call-host.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

const PAGE = 1000;

/** All sessions, newest first, page by page. */
export async function* allSessions(call: CallHost, search: string): AsyncGenerator<readonly SessionSummary[]> {
  for (let offset = 0; ; offset += PAGE) {
    const { sessions, total } = await call('session.list', { search, offset, limit: PAGE });
    if (sessions.length > 0) yield sessions;
    if (sessions.length === 0 || offset + sessions.length >= total) return;
  }
}

/** All frames of a session in order, page by page. */
export async function* allFrames(call: CallHost, id: string): AsyncGenerator<readonly FrameSummary[]> {
  for (let afterSeq = 0, hasMore = true; hasMore;) {
    const page = await call('session.frames', { id, afterSeq, limit: PAGE });
    if (page.frames.length > 0) yield page.frames;
    hasMore = page.hasMore && page.frames.length > 0;
    afterSeq = page.frames.at(-1)?.seq ?? afterSeq;
  }
}

/** The session with this id, with an id that begins so, or the newest for `last`. */
export async function findSession(call: CallHost, wanted: string): Promise<SessionSummary> {
  if (wanted === '') throw new CommandError(exitCodes.usage, 'The ID of the session is empty. "shadowcat session list" shows all.');
  const matches: SessionSummary[] = [];
  for await (const page of allSessions(call, '')) {
    if (wanted === 'last' && page[0] !== undefined) return page[0];
    for (const session of page) {
      if (session.id === wanted) return session;
      if (session.id.startsWith(wanted)) matches.push(session);
    }
  }
  const [first, second] = matches;
  if (first === undefined) throw new CommandError(exitCodes.notFound, `There is no session ${wanted}. "shadowcat session list" shows all.`);
  if (second !== undefined)
    throw new CommandError(
      exitCodes.notFound,
      `${matches.length} sessions begin with ${wanted}: ${matches
        .slice(0, 5)
        .map(({ id }) => id)
        .join(', ')}.`,
    );
  return first;
}
