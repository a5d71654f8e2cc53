/** The tree of clients and their servers, made of sessions. */
import type { TopicMessage } from '../../shared/contract/topics.ts';
import type { Source } from '../../shared/model/host.ts';
import type { SessionSummary } from '../../shared/model/session.ts';

const MAX_NODES = 500;

/** By name. `isTruncated` where there are more sessions than the page has, or more nodes than a tree may have. */
export function sourceTree(page: { readonly sessions: readonly SessionSummary[]; readonly total: number }): TopicMessage<'sources'> {
  const clients = new Map<string, Source>();
  let nodeCount = 0;
  let isTruncated = page.total > page.sessions.length;
  for (const session of page.sessions) {
    let client = clients.get(session.clientName);
    if (client === undefined) {
      if (nodeCount >= MAX_NODES) {
        isTruncated = true;
        continue;
      }
      client = { clientName: session.clientName, liveSessionCount: 0, exchangeCount: 0, errorCount: 0, servers: [] };
      clients.set(session.clientName, client);
      nodeCount += 1;
    }
    const isLive = session.state === 'live' ? 1 : 0;
    client.liveSessionCount += isLive;
    client.exchangeCount += session.exchangeCount;
    client.errorCount += session.errorCount;
    const server = client.servers.find(known => known.serverName === session.serverName);
    if (server !== undefined) {
      server.liveSessionCount += isLive;
      server.pendingCount += isLive * session.pendingCount;
      server.exchangeCount += session.exchangeCount;
      server.errorCount += session.errorCount;
      server.lastAt = Math.max(server.lastAt, session.lastAt);
      if (session.state === 'live') server.state = 'live';
    } else if (nodeCount < MAX_NODES) {
      nodeCount += 1;
      client.servers.push({
        serverName: session.serverName,
        transport: session.transport,
        state: session.state,
        liveSessionCount: isLive,
        pendingCount: isLive * session.pendingCount,
        exchangeCount: session.exchangeCount,
        errorCount: session.errorCount,
        lastAt: session.lastAt,
      });
    } else isTruncated = true;
  }
  const sources = [...clients.values()].sort((one, other) => one.clientName.localeCompare(other.clientName));
  for (const client of sources) client.servers.sort((one, other) => one.serverName.localeCompare(other.serverName));
  return { sources, isTruncated };
}
