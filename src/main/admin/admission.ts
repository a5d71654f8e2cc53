/**
 * Who may speak to the admin listener. Health and metrics are for everyone who reaches it; the calls below `/api` need the token
 * where one is configured, and never serve a page of somebody else: every page a person has open can reach a local port.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ErrorCode } from '../../shared/errors/error-table.ts';
import { isLoopbackHost } from '../support/address-ranges.ts';

export interface Refused {
  readonly code: ErrorCode;
  readonly message: string;
  /** Where it is not that of the code. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Admission {
  /** For every request: undefined when it may go on. */
  door(request: IncomingMessage): Refused | undefined;
  /** For calls below `/api`: who calls, or why not. */
  caller(request: IncomingMessage): { readonly actor: string } | Refused;
}

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]'];

export function admission({ host, port, token }: { host: string; port: () => number; token: string | undefined }): Admission {
  const expected = token === undefined ? undefined : hashed(token);
  const isLocal = isLoopbackHost(host);
  return {
    door(request) {
      const { host: dialled, origin } = request.headers;
      // A name that somebody else's DNS points here would make their page one of ours.
      if (isLocal && !isLocalName(dialled, port())) return { code: 'FOREIGN_HOST', message: 'That name is not this listener.' };
      if (origin !== undefined && origin.toLowerCase() !== `http://${dialled?.toLowerCase() ?? ''}`)
        return { code: 'FOREIGN_ORIGIN', message: 'Another page may not call here.' };
      return undefined;
    },
    caller(request) {
      const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
      // A form of another page cannot send this type without asking first.
      if (request.method === 'POST' && mediaType !== 'application/json') return { code: 'UNSUPPORTED_TYPE', message: 'Calls are JSON.' };
      if (expected === undefined) return { actor: 'local' };
      const [, given] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
      if (given !== undefined && timingSafeEqual(hashed(given), expected)) return { actor: 'token' };
      return {
        code: 'UNAUTHORIZED',
        message: 'Admin calls need the token of the configuration (admin.token).',
        headers: { 'www-authenticate': 'Bearer realm="shadowcat-admin"' },
      };
    },
  };
}

/** Of one length whatever was given, so that comparing tells nothing. */
const hashed = (text: string) => createHash('sha256').update(text).digest();

function isLocalName(dialled: string | undefined, port: number): boolean {
  const name = dialled?.toLowerCase();
  return loopbackNames.some(local => name === `${local}:${port}` || (port === 80 && name === local));
}
