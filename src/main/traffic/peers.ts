/** What the two sides of a session say of themselves: names, revision, era. */
import type { MessageFacts, PeerInfo } from '../../shared/mcp/facts.ts';
import type { SessionRecord } from './records.ts';

type Change = { -readonly [K in keyof SessionRecord]?: SessionRecord[K] };

/** What a message changes of its session; undefined when it says nothing new. `isServerNamed`: a person named the server. */
export function learnedFrom(facts: MessageFacts, session: SessionRecord, isServerNamed: boolean): Change | undefined {
  const { clientInfo, serverInfo, protocolVersion, era } = facts;
  let change: Change | undefined;
  if (clientInfo !== undefined && !isSamePeer(clientInfo, session.clientInfo))
    change = { clientInfo, clientName: clientInfo.title ?? clientInfo.name };
  if (serverInfo !== undefined && !isSamePeer(serverInfo, session.serverInfo)) {
    (change ??= {}).serverInfo = serverInfo;
    // A name that a person gave (`--name`, a route) says more than the server's own.
    if (!isServerNamed) change.serverName = serverInfo.title ?? serverInfo.name;
  }
  if (protocolVersion !== undefined && protocolVersion !== session.protocolVersion) (change ??= {}).protocolVersion = protocolVersion;
  if (era === 'modern' && session.era !== 'modern') (change ??= {}).era = era;
  return change;
}

function isSamePeer(one: PeerInfo, other: SessionRecord['clientInfo']): boolean {
  return other !== undefined && one.name === other.name && one.version === other.version;
}
