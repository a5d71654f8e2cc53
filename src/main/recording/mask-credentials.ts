/**
 * Masks credentials on ingest, so that they never reach the disk: credential headers, secrets in URLs, form bodies
 * and command lines. Enough stays to tell one from another at a glance: the scheme, the length, cookie names.
 */
import { isSecretName, MASK } from '../../shared/redaction/mask-text.ts';
import type { HttpHead } from '../../shared/model/frame.ts';

type Header = HttpHead['headers'][number];

/** Header (lower case) to the way its value is masked. */
const maskByHeader: ReadonlyMap<string, (value: string) => string> = new Map([
  ['authorization', maskAuthorization],
  ['proxy-authorization', maskAuthorization],
  ['cookie', maskCookies],
  ['set-cookie', maskSetCookie],
  ['x-api-key', maskWhole],
  ['api-key', maskWhole],
  ['x-auth-token', maskWhole],
  ['x-access-token', maskWhole],
  ['x-goog-api-key', maskWhole],
  ['x-amz-security-token', maskWhole],
  ['dpop', maskWhole],
  // Whoever knows a session id can speak in that session: it is a bearer secret. Four characters tell two apart.
  ['mcp-session-id', maskSessionId],
  ['location', maskUrl],
  ['content-location', maskUrl],
  ['referer', maskUrl],
]);

/** Query parameters and form fields that are secrets beyond the telling names. */
const secretParameters = new Set(['code', 'key', 'sig', 'signature', 'state', 'device_code', 'user_code', 'auth', 'jwt', 'pass']);
/** Parameters that carry a session id (HTTP+SSE). */
const sessionParameters = new Set(['sessionid', 'session_id', 'session', 'mcp-session-id']);

/** The head with its secrets masked; the same object when it has none, which spares most frames a copy. */
export function maskHead(head: HttpHead): HttpHead {
  let headers: Header[] | undefined;
  for (let index = 0; index < head.headers.length; index += 1) {
    const [name, value] = head.headers[index] as Header;
    const mask = maskOf(name);
    if (mask === undefined) continue;
    headers ??= [...head.headers];
    headers[index] = [name, mask(value)];
  }
  const path = head.path?.includes('?') === true ? maskUrl(head.path) : head.path;
  if (headers === undefined && path === head.path) return head;
  return { ...head, headers: headers ?? head.headers, ...(path === undefined ? {} : { path }) };
}

/** Ways to mask by header name as it came; at most 1,000 names, then begun anew, because a peer may invent names. */
const maskByName = new Map<string, ((value: string) => string) | undefined>();

function maskOf(name: string): ((value: string) => string) | undefined {
  if (maskByName.has(name)) return maskByName.get(name);
  const mask = maskByHeader.get(name.toLowerCase()) ?? (isSecretName(name) ? maskWhole : undefined);
  if (maskByName.size >= 1_000) maskByName.clear();
  maskByName.set(name, mask);
  return mask;
}

/** Masks the user part and the secret query parameters of a URL or path. */
export function maskUrl(url: string): string {
  const withoutUser = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, `$1${MASK}@`);
  const queryAt = withoutUser.search(/[?#]/);
  if (queryAt === -1) return withoutUser;
  return withoutUser.slice(0, queryAt + 1) + maskParameters(withoutUser.slice(queryAt + 1));
}

/** Masks `name=value` pairs, as in a query, a fragment or a form body. */
export function maskParameters(query: string): string {
  return query.replaceAll(/([^&=?#]+)=([^&#]*)/g, (pair: string, name: string, value: string) => {
    const plain = decoded(name).toLowerCase();
    if (value === '') return pair;
    if (sessionParameters.has(plain)) return `${name}=${maskSessionId(value)}`;
    return secretParameters.has(plain) || isSecretName(plain) ? `${name}=${MASK}` : pair;
  });
}

/** Masks a form body; `undefined` when nothing in it is secret. */
export function maskForm(body: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  const masked = maskParameters(text);
  return masked === text ? undefined : Buffer.from(masked, 'utf8');
}

/** Masks a command line: values of telling options and variables, tokens, and URLs. */
export function maskCommandLine(command: string): string {
  return command
    .replaceAll(/(\B--?)([A-Za-z][\w.-]*)(=|\s+)("[^"]*"|'[^']*'|(?!-)\S+)/g, (whole: string, dashes: string, name: string, gap: string) =>
      isSecretOption(name) ? `${dashes}${name}${gap}${MASK}` : whole,
    )
    .replaceAll(/\b([A-Za-z_]\w*)=("[^"]*"|'[^']*'|\S+)/g, (whole: string, name: string) =>
      isSecretOption(name) ? `${name}=${MASK}` : whole,
    )
    .replaceAll(/\b(Bearer|Basic)\s+[^\s"']+/gi, `$1 ${MASK}`)
    .replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"']+/gi, maskUrl);
}

/** In options and variables a mere ending tells: `GITHUB_TOKEN`, `--stripe-key`. */
function isSecretOption(name: string): boolean {
  return isSecretName(name) || /(?:token|secret|password|[-_]key)$/i.test(name);
}

function maskAuthorization(value: string): string {
  const space = value.indexOf(' ');
  if (space === -1 || value.startsWith(MASK)) return maskWhole(value);
  return `${value.slice(0, space)} ${maskWhole(value.slice(space + 1))}`;
}

function maskWhole(value: string): string {
  return value === '' || value.startsWith(MASK) ? value : `${MASK} (${value.length} chars)`;
}

function maskCookies(value: string): string {
  return value.replaceAll(/([^=;\s]+)=([^;]*)/g, `$1=${MASK}`);
}

function maskSetCookie(value: string): string {
  return value.replace(/^([^=;]+)=([^;]*)/, `$1=${MASK}`);
}

function maskSessionId(value: string): string {
  return value.includes(MASK) ? value : value.slice(0, value.length > 8 ? 4 : 0) + MASK;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
