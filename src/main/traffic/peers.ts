/** What the two sides of a session say of themselves: names, revision, era. */
import type { MessageFacts, PeerInfo } from '../../shared/mcp/facts.ts';
import { keptText } from '../support/kept-text.ts';
import type { SessionRecord } from './records.ts';

type Change = { -readonly [K in keyof SessionRecord]?: SessionRecord[K] };

/** What a message changes of its session; undefined when it says nothing new. `isServerNamed`: a person named the server. */
export function learnedFrom(facts: MessageFacts, session: SessionRecord, isServerNamed: boolean): Change | undefined {
  const { era } = facts;
  const { clientInfo, serverInfo, protocolVersion } = keptOf(facts);
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

/** Sessions stay for long and there are many of them: anybody can say megabytes of himself before it is known who asks. */
function keptOf({ clientInfo, serverInfo, protocolVersion }: MessageFacts) {
  return {
    clientInfo: keptPeer(clientInfo),
    serverInfo: keptPeer(serverInfo),
    protocolVersion: protocolVersion === undefined ? undefined : keptText(protocolVersion),
  };
}

function keptPeer(peer: PeerInfo | undefined): PeerInfo | undefined {
  if (peer === undefined) return undefined;
  const { name, version, title } = peer;
  return { name: keptText(name), version: keptText(version), ...(title === undefined ? {} : { title: keptText(title) }) };
}

function isSamePeer(one: PeerInfo, other: SessionRecord['clientInfo']): boolean {
  return other !== undefined && one.name === other.name && one.version === other.version;
}
