/** How it is found out whether an instance lives: by the protocol, by HTTP, by a connection, or by its process. */
import { connect } from 'node:net';
import type { HealthConfig } from '../../../shared/config/schema.ts';
import { readBody } from '../../../shared/mcp/json-rpc.ts';
import { fieldValue } from '../../support/http-fields.ts';
import type { CheckResult } from './health.ts';
import type { Instance } from './instance.ts';
import type { OwnAnswer, OwnRequest, OwnRequests } from './own-requests.ts';
import { blameOf } from './told-failure.ts';

const legacyVersion = '2025-11-25';
const modernVersion = '2026-07-28';
const clientInfo = { name: 'shadowcat-health', version: '1' };

const discover: OwnRequest = {
  httpMethod: 'POST',
  era: 'modern',
  headers: ['MCP-Protocol-Version', modernVersion, 'Mcp-Method', 'server/discover'],
  text: JSON.stringify({
    jsonrpc: '2.0',
    id: 'shadowcat-health',
    method: 'server/discover',
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': modernVersion,
        'io.modelcontextprotocol/clientInfo': clientInfo,
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  }),
};

const ping: OwnRequest = {
  httpMethod: 'POST',
  era: 'legacy',
  headers: ['MCP-Protocol-Version', legacyVersion],
  text: JSON.stringify({ jsonrpc: '2.0', id: 'shadowcat-health', method: 'ping' }),
};

const initialize: OwnRequest = {
  httpMethod: 'POST',
  era: 'legacy',
  text: JSON.stringify({
    jsonrpc: '2.0',
    id: 'shadowcat-health',
    method: 'initialize',
    params: { protocolVersion: legacyVersion, capabilities: {}, clientInfo },
  }),
};

const initialized: OwnRequest = {
  httpMethod: 'POST',
  era: 'legacy',
  headers: ['MCP-Protocol-Version', legacyVersion],
  text: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
};

export interface Checks {
  /** The configured check. Never rejects. */
  check(instance: Instance, config: HealthConfig): Promise<CheckResult>;
  /** Something harmless, whatever checks are configured. Never rejects. */
  probe(instance: Instance, config: HealthConfig): Promise<CheckResult>;
}

export function healthChecks(own: OwnRequests): Checks {
  const check = async (instance: Instance, config: HealthConfig): Promise<CheckResult> => {
    try {
      return await run(own, instance, config);
    } catch (error) {
      const blame = blameOf(error);
      const reason = error instanceof Error ? error.message : String(error);
      return { isAlive: false, reason, isGone: blame.kind === 'failure' && blame.isRefused };
    }
  };
  return {
    check,
    probe: (instance, config) => check(instance, config.kind === 'none' ? { ...config, kind: 'discover' } : config),
  };
}

function run(own: OwnRequests, instance: Instance, { kind, path, timeout }: HealthConfig): Promise<CheckResult> {
  const { url } = instance.config;
  if (kind === 'initialize') return session(own, instance, timeout);
  // No process is started and no stream opened for a check, and none that is there kept from its idle time-out by one.
  if (url === undefined) return Promise.resolve(processCheck(instance));
  if (instance.line.isBridged) return tcpCheck(url, timeout);
  switch (kind) {
    case 'http':
      return httpCheck(own, instance, path, timeout);
    case 'tcp':
    case 'process':
      return tcpCheck(url, timeout);
    case 'discover':
    case 'none':
      return discoverCheck(own, instance, timeout);
  }
}

/** Any answer will do, a refusal of the method included; only where the server stumbles over it, `ping` decides. */
async function discoverCheck(own: OwnRequests, { line }: Instance, limitMs: number): Promise<CheckResult> {
  const answer = await own.ask(line, discover, limitMs);
  if (!hasFailed(answer)) return judged('server/discover', answer);
  const pong = await own.ask(line, ping, limitMs);
  return judged(hasFailed(pong) ? 'server/discover' : 'ping', hasFailed(pong) ? answer : pong);
}

/** A whole session: begun, used, ended. */
async function session(own: OwnRequests, { id, line }: Instance, limitMs: number): Promise<CheckResult> {
  const begun = await own.ask(line, initialize, limitMs);
  const result = judged('initialize', begun);
  if (!result.isAlive || begun.status !== 200) return result;
  const upstreamSessionId = fieldValue(begun.rawHeaders, 'mcp-session-id') ?? '';
  const bound = { id: `own-${id}`, principalId: 'anonymous', instanceId: id, upstreamSessionId, protocolVersion: legacyVersion };
  try {
    await own.ask(line, { ...initialized, session: bound }, limitMs);
    return judged('ping', await own.ask(line, { ...ping, session: bound }, limitMs));
  } finally {
    const headers = ['MCP-Protocol-Version', legacyVersion];
    // 405 says that sessions end by themselves.
    await own.ask(line, { httpMethod: 'DELETE', era: 'legacy', headers, session: bound }, limitMs).catch(() => undefined);
  }
}

async function httpCheck(own: OwnRequests, { line }: Instance, path: string | undefined, limitMs: number): Promise<CheckResult> {
  const asked = path ?? line.target.path;
  const { status } = await own.ask(line, { httpMethod: 'GET', era: 'modern', path: asked }, limitMs);
  return { isAlive: status < 400, reason: `GET ${asked} was answered ${status}` };
}

function tcpCheck(url: string, limitMs: number): Promise<CheckResult> {
  const { hostname, port, protocol } = new URL(url);
  return new Promise(resolve => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    });
    const over = (result: CheckResult) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => over({ isAlive: false, reason: `no connection within ${limitMs} ms` }), limitMs).unref();
    socket.once('connect', () => over({ isAlive: true, reason: 'it accepts connections' }));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      over({ isAlive: false, reason: error.message, isGone: error.code === 'ECONNREFUSED' }),
    );
  });
}

/** A process that is not needed now is not running, and that is fine; one that ended by itself since the last check is not. */
function processCheck(instance: Instance): CheckResult {
  const count = instance.line.connection.childCount();
  const lastExit = instance.takeExit();
  if (count > 0) return { isAlive: true, reason: `${count} ${count === 1 ? 'process runs' : 'processes run'}` };
  return lastExit === undefined
    ? { isAlive: true, reason: 'no process is needed now' }
    : { isAlive: false, reason: lastExit, isGone: true };
}

function hasFailed({ status }: OwnAnswer): boolean {
  return status >= 500 && status !== 501;
}

function judged(what: string, answer: OwnAnswer): CheckResult {
  const { status, text, rawHeaders } = answer;
  if (hasFailed(answer)) return { isAlive: false, reason: `${what} was answered ${status}` };
  if (status !== 200) return { isAlive: true, reason: `${what} was answered ${status}` };
  const isEvents = fieldValue(rawHeaders, 'content-type')?.toLowerCase().startsWith('text/event-stream') === true;
  // What was cut off at its bound cannot be read, and somebody who says that much is there.
  const data = isEvents ? /^data: ?(.*)$/m.exec(text)?.[1] : text;
  const isRpc = data !== undefined && (data.length > 60_000 || readBody(data).kind !== 'invalid');
  return isRpc ? { isAlive: true, reason: `${what} was answered` } : { isAlive: false, reason: `the answer to ${what} is no JSON-RPC` };
}
