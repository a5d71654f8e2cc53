/** The one table of failures: code → JSON-RPC number, HTTP status, advice. Numbers are positive: -32020…-32099 belong to MCP. */

export interface ErrorRow {
  readonly rpcCode: number;
  readonly httpStatus: number;
  /** What the reader (a person or a model) can do about it. */
  readonly advice: string;
}

export const errorTable = {
  FOREIGN_HOST: { rpcCode: 40301, httpStatus: 403, advice: 'Dial the listener by 127.0.0.1 or localhost.' },
  FOREIGN_ORIGIN: { rpcCode: 40301, httpStatus: 403, advice: 'Call from a local page, or not from a browser.' },
  UNAUTHORIZED: { rpcCode: 40100, httpStatus: 401, advice: 'Sign in and send the token, or the API key, that this server asks for.' },
  INSUFFICIENT_SCOPE: { rpcCode: 40300, httpStatus: 403, advice: 'Ask for the scopes that are named, then try again.' },
  DENIED: { rpcCode: 40300, httpStatus: 200, advice: 'Do not repeat the call; ask the operator when it should be allowed.' },
  BLOCKED: { rpcCode: 40302, httpStatus: 403, advice: 'A rule of the operator blocks this message.' },
  SESSION_LOST: { rpcCode: 40400, httpStatus: 404, advice: 'Initialize again.' },
  METHOD_NOT_ALLOWED: { rpcCode: 40500, httpStatus: 405, advice: 'Use POST, GET or DELETE.' },
  UNSUPPORTED_TYPE: { rpcCode: 41500, httpStatus: 415, advice: 'Send application/json.' },
  LIMITED: { rpcCode: 42900, httpStatus: 429, advice: 'Wait as long as is said, then try again.' },
  UNAVAILABLE: { rpcCode: 50300, httpStatus: 503, advice: 'Wait as long as is said, then try again.' },
  NO_ROUTE: { rpcCode: 40400, httpStatus: 404, advice: 'Check the address of the listener.' },
  BODY_TOO_LARGE: { rpcCode: 41300, httpStatus: 413, advice: 'Send a smaller body.' },
  BAD_REQUEST: { rpcCode: 40000, httpStatus: 400, advice: 'Send a well-formed HTTP request.' },
  UPSTREAM_DOWN: { rpcCode: 50200, httpStatus: 502, advice: 'Check that the server runs, then try again.' },
  UPSTREAM_BROKE: { rpcCode: 50200, httpStatus: 502, advice: 'The call may have had effects; look before you repeat it.' },
  UPSTREAM_AUTH: {
    rpcCode: 50200,
    httpStatus: 502,
    advice: 'The gateway has no valid credentials for the server; its operator must sign in or renew them.',
  },
  HEADER_MISMATCH: { rpcCode: -32020, httpStatus: 400, advice: 'Make the Mcp-* headers say what the body says.' },
  META_MISSING: { rpcCode: -32602, httpStatus: 400, advice: 'Send the _meta that this revision asks for.' },
  UPSTREAM_TIMEOUT: { rpcCode: 50400, httpStatus: 504, advice: 'The server was too slow; try again later.' },
  BAD_CALL: { rpcCode: 40000, httpStatus: 400, advice: 'Compare the call with the contract.' },
  NOT_FOUND: { rpcCode: 40400, httpStatus: 404, advice: 'It may have been deleted; refresh the list.' },
  NOT_ALLOWED: { rpcCode: 40300, httpStatus: 403, advice: 'Open the window by the address that the host printed.' },
  CONFLICT: { rpcCode: 40900, httpStatus: 409, advice: 'Something else holds it; see the message.' },
  CANCELLED: { rpcCode: 49900, httpStatus: 499, advice: 'It was cancelled on request.' },
  STORE_FAILED: { rpcCode: 50000, httpStatus: 500, advice: 'Run `shadowcat doctor` to see what is wrong with the store.' },
  SHUTTING_DOWN: { rpcCode: 50300, httpStatus: 503, advice: 'The host is stopping; try again once it is back.' },
  INTERNAL: { rpcCode: 50000, httpStatus: 500, advice: 'This is a defect of ours; please report it.' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

export interface TrafficErrorOptions extends ErrorOptions {
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly httpStatus?: number;
}

/** The world broke on purpose-known ways: a code from the table and, where there is one, its cause. */
export class TrafficError extends Error {
  override readonly name = 'TrafficError';
  readonly code: ErrorCode;
  /** Facts for `error.data`, such as `may_have_executed`; no secrets. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Where HTTP has a closer word than the table: 408, 431. */
  readonly httpStatus: number | undefined;

  constructor(code: ErrorCode, message: string, options: TrafficErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.facts = options.facts ?? {};
    this.httpStatus = options.httpStatus;
  }
}

/** Anything we did not throw on purpose is our bug, never the caller's fault. */
export function errorCodeOf(error: unknown): ErrorCode {
  return error instanceof TrafficError ? error.code : 'INTERNAL';
}

/** Whoever is told to try again would repeat a call that may have been carried out. */
const EFFECTS = errorTable.UPSTREAM_BROKE.advice;
const repeating = new Set<ErrorCode>(['UPSTREAM_DOWN', 'UPSTREAM_TIMEOUT', 'UNAVAILABLE', 'SHUTTING_DOWN']);

/** States of an instance that last until a person ends them. */
const untilSomebodyActs = new Set<unknown>(['disabled', 'drained', 'isolated']);

/** What the reader can do about this very failure: a model acts on these words, and not on the facts beside them. */
export function adviceFor(code: ErrorCode, { may_have_executed: mayHave, state }: Readonly<Record<string, unknown>>): string {
  if (mayHave === true && repeating.has(code)) return EFFECTS;
  if (code === 'UNAVAILABLE' && untilSomebodyActs.has(state)) return 'Ask the operator of the gateway; waiting alone does not help.';
  if (mayHave === false && code === 'UPSTREAM_BROKE') return 'The server did not get the call; try again.';
  return errorTable[code].advice;
}

/** The JSON-RPC error body for a failure of ours. It carries the request's own id text; `null` where there is none. */
export function rpcErrorBody(
  code: ErrorCode,
  message: string,
  idText: string | undefined,
  facts: Readonly<Record<string, unknown>> = {},
): string {
  const { rpcCode } = errorTable[code];
  const error = JSON.stringify({ code: rpcCode, message: `${message} ${adviceFor(code, facts)}`, data: { reason: code, ...facts } });
  return `{"jsonrpc":"2.0","id":${idText ?? 'null'},"error":${error}}`;
}
