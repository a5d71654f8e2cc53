/**
 * Refuses what two readers could take differently: a body that is no JSON-RPC, and standard headers that say something else
 * than the body. Later stages decide on the body alone, and the server may route on the headers.
 */
import type { ErrorCode } from '../../shared/errors/error-table.ts';
import type { MessageFacts } from '../../shared/mcp/facts.ts';
import type { Guard } from '../pipeline/guard.ts';
import type { Exchange, Stage, Verdict } from '../pipeline/stage.ts';
import { fieldValue, fieldValues } from '../support/http-fields.ts';
import { decodeSentinel } from '../traffic/header-check.ts';

const singleHeaders = ['mcp-protocol-version', 'mcp-method', 'mcp-name'] as const;
const firstModern = '2026-07-28';
/** 2026-07-28, Streamable HTTP, standard headers: these methods name their target in `Mcp-Name`. */
const namedMethods = new Set(['tools/call', 'prompts/get', 'resources/read']);

export function validate(): Stage {
  return {
    name: 'validate',
    handle(exchange, next) {
      const { guard } = exchange;
      if (guard === undefined) return next(exchange);
      const problem = problemOf(exchange, guard);
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
  if (method === 'GET' || method === 'DELETE') return undefined;
  if (method !== 'POST')
    return {
      code: 'METHOD_NOT_ALLOWED',
      reason: `This endpoint does not serve ${method.slice(0, 20)}.`,
      rawHeaders: ['Allow', 'POST, GET, DELETE'],
    };
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

function headerProblem(rawHeaders: readonly string[], { items, isBatch }: Guard): Problem | undefined {
  const repeated = singleHeaders.find(name => fieldValues(rawHeaders, name).length > 1);
  if (repeated !== undefined) return mismatch(`${repeated} is there more than once`);
  const version = fieldValue(rawHeaders, 'mcp-protocol-version');
  if (version !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(version))
    return { code: 'BAD_REQUEST', reason: `MCP-Protocol-Version ${JSON.stringify(version.slice(0, 40))} is no revision.` };
  const [item] = items;
  if (item === undefined || isBatch) return undefined;
  const { message, facts } = item;
  if (message.kind !== 'request' && message.kind !== 'notification') return undefined;
  return (
    versionProblem(version, facts, message.method) ??
    standardHeaderProblem(rawHeaders, message.method, facts.target, facts.era === 'modern' && message.kind === 'request')
  );
}

/** 2026-07-28: the header says what `_meta` says; a claim in the header alone is none. */
function versionProblem(version: string | undefined, { era, protocolVersion }: MessageFacts, method: string): Problem | undefined {
  if (era === 'modern')
    return version === protocolVersion
      ? undefined
      : mismatch(`MCP-Protocol-Version is ${version ?? 'missing'}, the body says ${protocolVersion ?? 'nothing'}`);
  return version !== undefined && version >= firstModern && method !== 'initialize'
    ? mismatch(`MCP-Protocol-Version is ${version}, but the body carries no protocolVersion in _meta`)
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
  const isNamed = namedMethods.has(method) || method.startsWith('tasks/');
  if (saidName === undefined) return isRequired && isNamed && target !== undefined ? mismatch('Mcp-Name is missing') : undefined;
  return isNamed && decodeSentinel(saidName) !== target
    ? mismatch(`Mcp-Name is ${shown(saidName)}, the body says ${shown(target)}`)
    : undefined;
}

function mismatch(reason: string): Problem {
  return { code: 'HEADER_MISMATCH', reason: `${reason}.` };
}

function shown(value: string | undefined): string {
  return value === undefined ? 'missing' : JSON.stringify(value.slice(0, 100));
}
