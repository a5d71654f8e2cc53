/**
 * Refuses what two readers could take differently: a body that is no JSON-RPC, and standard headers that say something else
 * than the body. Later stages decide on the body alone, and the server may route on the headers.
 */
import { TrafficError, type ErrorCode } from '../../shared/errors/error-table.ts';
import type { MessageFacts } from '../../shared/mcp/facts.ts';
import { mirroredText } from '../../shared/mcp/mirrored-arguments.ts';
import type { Guard } from '../pipeline/guard.ts';
import type { Exchange, Stage, Verdict } from '../pipeline/stage.ts';
import type { ToolCatalogue } from '../pipeline/tool-catalogue.ts';
import { fieldValue, fieldValues } from '../support/http-fields.ts';
import { decodeSentinel } from '../traffic/header-check.ts';
import type { ReadMessage } from '../traffic/sighting.ts';

const singleHeaders = ['mcp-protocol-version', 'mcp-method', 'mcp-name'] as const;
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';
const firstModern = '2026-07-28';
/** 2026-07-28, Streamable HTTP, standard headers: these methods name their target in `Mcp-Name`. */
const namedMethods = new Set(['tools/call', 'prompts/get', 'resources/read']);
/** Extensions name their target there as well; whether they must is theirs to say. */
const mayBeNamed = (method: string) => namedMethods.has(method) || method.startsWith('tasks/');

export interface ValidateDeps {
  readonly catalogue: Pick<ToolCatalogue, 'mirrored'>;
}

export function validate({ catalogue }: ValidateDeps): Stage {
  return {
    name: 'validate',
    handle(exchange, next) {
      const { guard } = exchange;
      if (guard === undefined) return next(exchange);
      // Half a body is nobody's mistake.
      if (guard.isUnreadable && exchange.departure.hasHappened)
        return Promise.reject(new TrafficError('CANCELLED', 'The client left before all of its request had come.'));
      const problem = problemOf(exchange, guard) ?? mirrorProblem(exchange, guard, catalogue);
      if (problem === undefined) return next(exchange);
      guard.decisions.push({ stage: 'validate', kind: 'refused', reason: problem.reason });
      return Promise.resolve({ kind: 'refuse', stage: 'validate', facts: {}, ...problem } satisfies Verdict);
    },
  };
}

interface Problem {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly rawHeaders?: readonly string[];
}

function problemOf({ request }: Exchange, guard: Guard): Problem | undefined {
  const { method, rawHeaders, body } = request;
  if (method === 'GET' || method === 'DELETE') return guard.era === 'modern' ? withoutSessions(method) : undefined;
  if (method !== 'POST') return notServed(`This endpoint does not serve ${method.slice(0, 20)}.`, 'POST, GET, DELETE');
  const type = fieldValue(rawHeaders, 'content-type');
  if (type === undefined || !/^application\/json\s*(?:;|$)/i.test(type))
    return { code: 'UNSUPPORTED_TYPE', reason: `The Content-Type is ${JSON.stringify((type ?? 'missing').slice(0, 100))}.` };
  if (fieldValue(rawHeaders, 'content-encoding') !== undefined)
    return { code: 'UNSUPPORTED_TYPE', reason: 'A guarded route reads request bodies and takes them without Content-Encoding.' };
  if (body.kind === 'none' || guard.isUnreadable || guard.items.length === 0)
    return { code: 'BAD_REQUEST', reason: 'The body is no JSON-RPC message.' };
  if (guard.isBatch && guard.items.some(({ facts }) => facts.era === 'modern'))
    return { code: 'BAD_REQUEST', reason: 'Revision 2026-07-28 has no batches; send each message by itself.' };
  return headerProblem(rawHeaders, guard);
}

/** It would go on bound to no session, and ask for the stream, or the end, of one that the server alone knows. */
function withoutSessions(method: string): Problem {
  return notServed(`Revision ${firstModern} has neither sessions nor ${method}.`, 'POST');
}

function notServed(reason: string, allow: string): Problem {
  return { code: 'METHOD_NOT_ALLOWED', reason, rawHeaders: ['Allow', allow] };
}

function headerProblem(rawHeaders: readonly string[], { items, isBatch }: Guard): Problem | undefined {
  const repeated = singleHeaders.find(name => fieldValues(rawHeaders, name).length > 1);
  if (repeated !== undefined) return mismatch(`${repeated} is there more than once`);
  const version = fieldValue(rawHeaders, 'mcp-protocol-version');
  const [item] = items;
  if (item === undefined || isBatch) return formProblem(version);
  const { message, facts } = item;
  if (message.kind !== 'request' && message.kind !== 'notification') return undefined;
  return (
    versionProblem(version, facts, message.method) ??
    standardHeaderProblem(rawHeaders, message.method, facts.target, facts.era === 'modern' && message.kind === 'request') ??
    metaProblem(item)
  );
}

/** 2026-07-28: the header says what `_meta` says; a claim in the header alone is none. */
function versionProblem(version: string | undefined, { era, protocolVersion }: MessageFacts, method: string): Problem | undefined {
  if (era === 'modern')
    return version === protocolVersion
      ? undefined
      : mismatch(`MCP-Protocol-Version is ${version ?? 'missing'}, the body says ${protocolVersion ?? 'nothing'}`);
  return version !== undefined && /^\d/.test(version) && version >= firstModern && method !== 'initialize'
    ? { code: 'META_MISSING', reason: `MCP-Protocol-Version is ${version}, but the body carries no such protocolVersion in _meta.` }
    : protocolVersion === undefined || method === 'initialize'
      ? formProblem(version)
      : undefined;
}

/** A revision that the body claims as well is the server's to judge, however it looks: it says which ones it has. */
function formProblem(version: string | undefined): Problem | undefined {
  return version === undefined || /^\d{4}-\d{2}-\d{2}$/.test(version)
    ? undefined
    : { code: 'BAD_REQUEST', reason: `MCP-Protocol-Version ${JSON.stringify(version.slice(0, 40))} is no revision.` };
}

/** 2026-07-28, `_meta`: a request without the capabilities of its client is 400 and -32602, whatever stands behind the gateway. */
function metaProblem({ message, facts }: ReadMessage): Problem | undefined {
  if (facts.era !== 'modern' || message.kind !== 'request') return undefined;
  const params = message.params as { readonly _meta?: Readonly<Record<string, unknown>> } | undefined;
  return params?._meta?.[capabilitiesKey] === undefined
    ? { code: 'META_MISSING', reason: `_meta carries no ${capabilitiesKey}.` }
    : undefined;
}

/** Of the legacy era these headers are not required; where they are there, they must not lie either. */
function standardHeaderProblem(
  rawHeaders: readonly string[],
  method: string,
  target: string | undefined,
  isRequired: boolean,
): Problem | undefined {
  const saidMethod = fieldValue(rawHeaders, 'mcp-method');
  if (saidMethod !== method && (saidMethod !== undefined || isRequired))
    return mismatch(`Mcp-Method is ${shown(saidMethod)}, the body says ${shown(method)}`);
  const saidName = fieldValue(rawHeaders, 'mcp-name');
  const isNamed = mayBeNamed(method);
  if (saidName === undefined)
    return isRequired && namedMethods.has(method) && target !== undefined ? mismatch('Mcp-Name is missing') : undefined;
  return isNamed && decodeSentinel(saidName) !== target
    ? mismatch(`Mcp-Name is ${shown(saidName)}, the body says ${shown(target)}`)
    : undefined;
}

/**
 * 2026-07-28, custom headers: whoever reads the body holds `Mcp-Param-…` against it. Of tools that no list has named yet nothing
 * is known, and a server that speaks HTTP checks for itself.
 */
function mirrorProblem(
  { request }: Exchange,
  { items, isBatch, era, route }: Guard,
  catalogue: ValidateDeps['catalogue'],
): Problem | undefined {
  const [item] = items;
  if (item === undefined || isBatch || era !== 'modern' || item.message.kind !== 'request' || item.message.method !== 'tools/call')
    return undefined;
  const { params } = item.message;
  const args = typeof params === 'object' && params !== null && 'arguments' in params ? params.arguments : undefined;
  for (const mirrored of catalogue.mirrored(route.upstream, item.facts.target ?? '') ?? []) {
    const said = fieldValue(request.rawHeaders, `mcp-param-${mirrored.header.toLowerCase()}`);
    const expected = mirroredText(args, mirrored);
    if ((said === undefined ? undefined : strictlyDecoded(said)) !== expected)
      return mismatch(`Mcp-Param-${mirrored.header} is ${shown(said)}, the argument is ${shown(expected)}`);
  }
  return undefined;
}

/** Undoes `=?base64?…?=`; what is not written as it should be means nothing. */
function strictlyDecoded(value: string): string | undefined {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
  if (encoded === undefined) return value;
  return Buffer.from(encoded, 'base64').toString('base64') === encoded ? decodeSentinel(value) : undefined;
}

function mismatch(reason: string): Problem {
  return { code: 'HEADER_MISMATCH', reason: `${reason}.` };
}

function shown(value: string | undefined): string {
  return value === undefined ? 'missing' : JSON.stringify(value.slice(0, 100));
}
