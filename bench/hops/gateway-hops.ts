/** What stands between a client and an upstream when the guards of a gateway are compared: references, the bare proxy, the gateway. */
import { closedLoop } from '../load/http-load.ts';
import { type Call, handshake, idField, modernCall, plainCall, sessionCall } from '../load/message.ts';
import type { Running, Stand } from '../stand.ts';
import { apiKey, audience, guardedConfig } from './gateway-config.ts';
import { hopNames } from './hop-names.ts';
import { nodeServer } from './http-hops.ts';
import { nginxHop } from './nginx.ts';
import { type Host, missingBuild, shadowcatGateway, shadowcatProxy } from './shadowcat.ts';

/** A way to the upstream, and the request that goes it. */
export interface GatewayHop {
  readonly name: string;
  readonly url: string;
  readonly call: Call;
  /** Undefined for the direct path. */
  readonly process?: Running;
  /** Only of the product; shared by all that go through the same process. */
  readonly host?: Host;
}

/** Starts all of them in front of an upstream. The product's own share one process each, so that its eras are told apart and nothing else. */
export async function startGatewayHops(stand: Stand, upstreamUrl: string): Promise<GatewayHop[]> {
  const key = { 'X-API-Key': apiKey };
  const call = modernCall(key);
  const hops: GatewayHop[] = [{ name: hopNames.direct, url: upstreamUrl, call }];
  const nginx = await nginxHop(stand, upstreamUrl);
  if (nginx !== undefined) hops.push({ name: hopNames.nginx, ...nginx, call });
  hops.push({ name: hopNames.node, ...(await nodeServer(stand, hopNames.node, 'node-pipe.ts', [upstreamUrl])), call });
  const problem = missingBuild();
  if (problem !== undefined) {
    stand.note(problem);
    return hops;
  }
  const proxy = await shadowcatProxy(stand, upstreamUrl, true);
  const issuer = await nodeServer(stand, 'JWT issuer', 'jwt-issuer.ts', [audience]);
  const { issuer: iss, token } = issuer.facts;
  const gateway = await shadowcatGateway(stand, guardedConfig(upstreamUrl, { issuer: String(iss), jwksUri: issuer.url }));
  const through = (host: Host) => ({ url: host.url, process: host.process, host });
  hops.push(
    { name: hopNames.recording, ...through(proxy), call },
    { name: hopNames.recordingSession, ...through(proxy), call: sessionCall('bench-session', key) },
    { name: hopNames.guardKey, ...through(gateway), call },
    { name: hopNames.guardToken, ...through(gateway), call: modernCall({ Authorization: `Bearer ${String(token)}` }) },
    { name: hopNames.guardSession, ...through(gateway), call: sessionCall(await openSession(gateway.url, key), key) },
  );
  for (const hop of hops) await checkOnce(hop);
  return hops;
}

/** Shakes hands as a client of the legacy era; the id that the session has from then on. Empty where the server has none. */
export async function openSession(url: string, credentials: Readonly<Record<string, string>> = {}): Promise<string> {
  const fields = { ...plainCall.fields, ...credentials };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: handshake.initialize });
  const answer = await fetch(url, { method: 'POST', headers: { ...fields, [idField]: '0' }, body });
  const text = await answer.text();
  if (answer.status !== 200 || !text.includes('"result"')) throw new Error(`${url} refused the handshake: ${answer.status} ${text}`);
  const sessionId = answer.headers.get('mcp-session-id') ?? '';
  const told = await fetch(url, {
    method: 'POST',
    headers: { ...fields, ...(sessionId === '' ? {} : { 'Mcp-Session-Id': sessionId }) },
    body: handshake.initialized,
  });
  await told.arrayBuffer();
  if (!told.ok) throw new Error(`${url} refused to be told that the handshake is over: ${told.status}`);
  return sessionId;
}

/** A refusal within a 200 would look like a fast answer. */
export async function checkOnce({ name, url, call }: Pick<GatewayHop, 'name' | 'url' | 'call'>): Promise<void> {
  const { lastAnswer } = await closedLoop({ url, call, connectionCount: 1, maxCount: 1, maxMs: 10_000 });
  if (!lastAnswer.includes('/srv/project/src/main/engine.ts'))
    throw new Error(`${name} gives another answer: ${lastAnswer.slice(0, 1_000)}`);
}
