/**
 * Who asks: checks the token, API key or certificate of a request and hands on a principal. On a listener without `auth`
 * everybody is `anonymous`. Closed on every doubt, and silent about the token: no text, log line or decision quotes it.
 */
import { anonymous, type Guard, type Principal } from '../pipeline/guard.ts';
import type { Exchange, Next, Stage, Verdict } from '../pipeline/stage.ts';
import { challengeField, type Challenge } from './authenticate/challenge.ts';
import type { ListenerAuth } from './authenticate/listener-auth.ts';
import { neededScopes } from './authenticate/needed-scopes.ts';
import { hashOf } from './authenticate/principal-of-claims.ts';
import { readCredentials, type MalformedReason } from './authenticate/read-credentials.ts';
import { badTokenSentence, type GoodToken, type Verification } from './authenticate/verification.ts';

const STAGE = 'authenticate';

/** A client certificate that TLS has verified. */
export interface ClientCertificate {
  /** Distinguished name. */
  readonly subject: string;
  /** SHA-256 of the certificate in hexadecimal, colons allowed. */
  readonly fingerprint: string;
}

export interface AuthenticateDeps {
  /** What is in force for the listener of this name. */
  readonly authFor: (listenerName: string) => ListenerAuth | undefined;
  readonly guardCertificate?: (exchange: Exchange) => ClientCertificate | undefined;
}

export function authenticate(deps: AuthenticateDeps): Stage {
  return {
    name: STAGE,
    handle(exchange, next) {
      const { guard } = exchange;
      if (guard === undefined) return next(exchange);
      if (!guard.route.hasAuth) {
        guard.journey.principal = anonymous;
        return next(guard.principal === anonymous ? exchange : { ...exchange, guard: { ...guard, principal: anonymous } });
      }
      const auth = deps.authFor(guard.route.listener);
      // Not knowing whom to believe is a defect, and no reason to believe everybody.
      if (auth === undefined) throw new Error(`The listener ${guard.route.listener} has auth, but nothing is known of it.`);
      return judge({ exchange, guard, auth, certificate: deps.guardCertificate?.(exchange) }, next);
    },
  };
}

interface Asked {
  readonly exchange: Exchange;
  readonly guard: Guard;
  readonly auth: ListenerAuth;
  readonly certificate: ClientCertificate | undefined;
}

interface Admitted {
  readonly principal: Principal;
  readonly by?: string;
  readonly reason: string;
}

/** No `await` where the answer is known, which is the usual case. */
function judge(asked: Asked, next: Next): Promise<Verdict> {
  const { exchange, auth, certificate } = asked;
  const found = readCredentials(exchange.request.path, exchange.request.rawHeaders, auth.apiKeyHeader);
  switch (found.kind) {
    case 'malformed':
      return refuse(asked, { reason: found.reason, text: malformedSentences[found.reason], error: 'invalid_request' });
    case 'bearer': {
      const verification = auth.verifyBearer(found.token);
      return verification instanceof Promise ? verification.then(late => decide(asked, late, next)) : decide(asked, verification, next);
    }
    case 'api-key': {
      const principal = auth.findApiKey(found.key);
      if (principal === undefined)
        return refuse(asked, { reason: 'unknown_token', text: badTokenSentence('unknown_token'), error: 'invalid_token' });
      return admit(asked, { principal, by: principal.id, reason: 'api_key' }, next);
    }
    case 'none':
      if (certificate !== undefined)
        return admit(asked, { principal: principalOf(certificate), by: 'certificate', reason: 'certificate' }, next);
      if (auth.mode === 'optional') return admit(asked, { principal: anonymous, reason: 'anonymous' }, next);
      return refuse(asked, noCredentials);
  }
}

function decide(asked: Asked, verification: Verification, next: Next): Promise<Verdict> {
  switch (verification.kind) {
    case 'bad': {
      const { reason, by } = verification;
      return refuse(asked, { reason, text: badTokenSentence(reason), error: 'invalid_token', by });
    }
    case 'unchecked':
      return refuseUnchecked(asked, verification);
    case 'good': {
      const { principal, by } = verification;
      const problem = misuse(asked, verification);
      if (problem !== undefined) return refuse(asked, { reason: problem, text: badTokenSentence(problem), error: 'invalid_token', by });
      return admit(asked, { principal, by, reason: principal.kind === 'token' ? 'token' : 'api_key' }, next);
    }
  }
}

/** A good token at the wrong place: at a route it was not given out for, or sent by somebody who only found it. */
function misuse({ guard, auth, certificate }: Asked, token: GoodToken): 'wrong_audience' | 'bound_token' | undefined {
  if (!auth.isMeantFor(token, guard.route.path)) return 'wrong_audience';
  if (token.certificate === undefined) return undefined;
  return certificate !== undefined && thumbprintOf(certificate) === token.certificate ? undefined : 'bound_token';
}

function admit(asked: Asked, admitted: Admitted, next: Next): Promise<Verdict> {
  const { exchange, guard } = asked;
  const { principal, by } = admitted;
  guard.journey.principalId = principal.id;
  const needed = neededScopes(guard.route, guard.items);
  if (needed.every(scope => principal.scopes.includes(scope))) return pass(exchange, guard, admitted, next);
  // Signing in may help somebody who has not; only a token can be short of scopes.
  if (principal.kind === 'anonymous') return refuse(asked, noCredentials);
  const text = `This needs the scopes ${needed.join(' ')}.`;
  return refuse(asked, { code: 'INSUFFICIENT_SCOPE', reason: 'insufficient_scope', text, error: 'insufficient_scope', by });
}

function pass(exchange: Exchange, guard: Guard, { principal, by, reason }: Admitted, next: Next): Promise<Verdict> {
  guard.journey.principal = principal;
  guard.decisions.push({ stage: STAGE, kind: 'passed', ...(by === undefined ? {} : { id: by }), reason });
  return next(principal === guard.principal ? exchange : { ...exchange, guard: { ...guard, principal } });
}

interface Refusal {
  readonly code?: 'UNAUTHORIZED' | 'INSUFFICIENT_SCOPE';
  /** One word, for data, metrics and the audit. */
  readonly reason: string;
  readonly text: string;
  /** None where there were no credentials. */
  readonly error?: NonNullable<Challenge['error']>;
  readonly by?: string | undefined;
}

const noCredentials: Refusal = { reason: 'no_credentials', text: 'This server needs credentials, and none were sent.' };

function refuse({ guard, auth }: Asked, { code = 'UNAUTHORIZED', reason, text, error, by }: Refusal): Promise<Verdict> {
  note(guard, reason, by);
  const challenge = challengeField({
    ...(error === undefined ? {} : { error, description: text }),
    scopes: neededScopes(guard.route, guard.items),
    metadata: auth.metadataFor(guard.route.path),
  });
  return Promise.resolve({
    kind: 'refuse',
    stage: STAGE,
    code,
    reason: text,
    facts: { reason, correlation_id: guard.correlationId },
    rawHeaders: ['WWW-Authenticate', challenge],
  });
}

/** No 401: the client would throw away a token that is probably good, and ask a person to sign in again. */
function refuseUnchecked({ guard }: Asked, { reason, retryAfterMs, by }: Extract<Verification, { kind: 'unchecked' }>): Promise<Verdict> {
  note(guard, reason, by);
  const text =
    reason === 'issuer_unreachable'
      ? 'The token could not be checked, because its issuer does not answer the gateway; it may well be good.'
      : 'The token could not be checked, because too many others are being checked.';
  const retry = Math.max(1000, Math.ceil(retryAfterMs));
  return Promise.resolve({
    kind: 'refuse',
    stage: STAGE,
    code: 'UNAVAILABLE',
    reason: text,
    facts: { reason, state: reason, retry_after_ms: retry, correlation_id: guard.correlationId },
  });
}

function note(guard: Guard, reason: string, by: string | undefined): void {
  guard.decisions.push({ stage: STAGE, kind: 'refused', ...(by === undefined ? {} : { id: by }), reason });
}

const malformedSentences: Record<MalformedReason, string> = {
  several_credentials: 'Send one credential, not several.',
  not_bearer: 'Only Bearer credentials are accepted.',
  token_in_query: 'A token belongs into the Authorization header, never into the address.',
  malformed_credentials: 'The credentials are damaged.',
};

function principalOf({ subject, fingerprint }: ClientCertificate): Principal {
  const id = hashOf(`certificate\n${fingerprint.replaceAll(':', '').toLowerCase()}`);
  return { kind: 'certificate', id, sub: subject, scopes: [], roles: [], claims: {} };
}

/** As RFC 8705 writes it. */
function thumbprintOf({ fingerprint }: ClientCertificate): string {
  return Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url');
}
