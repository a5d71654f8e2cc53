/** Reads JSON-RPC 2.0 messages as a guest does: what we do not know is kept, the JSON type of an id is kept. */
import { arraySlices, endOfString } from './json-text.ts';

/** An id as JSON text: `1` and `"1"` stay apart, and integers beyond 2^53 keep every digit. */
export type IdText = string;

export type RpcMessage =
  | {
      readonly kind: 'request';
      readonly idText: IdText;
      readonly method: string;
      readonly params: unknown;
    }
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown }
  | { readonly kind: 'result'; readonly idText: IdText; readonly result: unknown }
  | { readonly kind: 'error'; readonly idText: IdText; readonly error: RpcError };

/** The members of a JSON-RPC error; `code` is 0 where the peer sent none. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** One body or line, read: a message, a batch (2025-03-26), or the reason why it is neither. */
export type ReadBody =
  | { readonly kind: 'message'; readonly message: RpcMessage }
  | { readonly kind: 'batch'; readonly items: readonly ReadBody[] }
  | { readonly kind: 'invalid'; readonly reason: 'not-json' | 'not-json-rpc' };

/** Parses a whole body or line. Never throws: an unreadable text is `invalid` with its reason. */
export function readBody(text: string): ReadBody {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: 'invalid', reason: 'not-json' };
  }
  if (Array.isArray(json)) {
    if (json.length === 0) return { kind: 'invalid', reason: 'not-json-rpc' };
    const sources = elementSources(json, text);
    return { kind: 'batch', items: json.map((item, at) => readValue(item, sources?.[at])) };
  }
  return readValue(json, text);
}

function readValue(json: unknown, text: string | undefined): ReadBody {
  if (typeof json !== 'object' || json === null) return { kind: 'invalid', reason: 'not-json-rpc' };
  const fields = json as Record<string, unknown>;
  const hasId = Object.hasOwn(fields, 'id');
  const { method } = fields;
  if (typeof method === 'string') {
    if (!hasId) return { kind: 'message', message: { kind: 'notification', method, params: fields.params } };
    const idText = idTextOf(fields.id, text);
    if (idText === undefined) return { kind: 'invalid', reason: 'not-json-rpc' };
    return { kind: 'message', message: { kind: 'request', idText, method, params: fields.params } };
  }
  if (!hasId) return { kind: 'invalid', reason: 'not-json-rpc' };
  const idText = idTextOf(fields.id, text);
  if (idText === undefined) return { kind: 'invalid', reason: 'not-json-rpc' };
  if (Object.hasOwn(fields, 'result')) return { kind: 'message', message: { kind: 'result', idText, result: fields.result } };
  if (typeof fields.error === 'object' && fields.error !== null) {
    const error = fields.error as Record<string, unknown>;
    return {
      kind: 'message',
      message: {
        kind: 'error',
        idText,
        error: {
          code: typeof error.code === 'number' ? error.code : 0,
          message: typeof error.message === 'string' ? error.message : '',
          ...(Object.hasOwn(error, 'data') ? { data: error.data } : {}),
        },
      },
    };
  }
  return { kind: 'invalid', reason: 'not-json-rpc' };
}

/** JSON text of an id; `undefined` when the value cannot be an id at all. `0`, `""` and `null` are real. */
export function idTextOf(id: unknown, source: string | undefined): IdText | undefined {
  if (typeof id === 'string' || id === null) return JSON.stringify(id);
  if (typeof id !== 'number') return undefined;
  if (Number.isSafeInteger(id) || source === undefined) return JSON.stringify(id);
  return exactNumberText(source) ?? JSON.stringify(id);
}

/** The texts of the elements of a list, where one has an id that a double cannot hold. */
export function elementSources(items: readonly unknown[], text: string): readonly string[] | undefined {
  const isUnsafe = (item: unknown) =>
    typeof item === 'object' && item !== null && 'id' in item && typeof item.id === 'number' && !Number.isSafeInteger(item.id);
  return items.some(isUnsafe) ? arraySlices(text) : undefined;
}

/**
 * The digits of a top-level numeric id as they stood in the text, for ids that do not fit a double.
 * Walks strings and nesting, because an `"id"` deeper inside (a tool argument) must not be taken.
 */
function exactNumberText(source: string): string | undefined {
  let depth = 0;
  let key = '';
  let found: string | undefined;
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at];
    if (char === '"') {
      const end = endOfString(source, at);
      if (depth === 1) key = source.slice(at, end + 1);
      at = end;
    } else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
    else if (char === ':' && depth === 1 && key === '"id"') {
      const number = /^\s*(-?\d[\d.eE+-]*)/.exec(source.slice(at + 1, at + 400));
      // The last duplicate key wins, as it does in JSON.parse.
      if (number?.[1] !== undefined) found = number[1];
      key = '';
    } else if (char === ',' && depth === 1) key = '';
  }
  return found;
}
