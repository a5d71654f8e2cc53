/** Signing in to upstreams from the app: begins sign-ins, keeps their tokens, renews them, and gives them to requests. */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Clock, Logger } from '../../ports.ts';
import { outboundFetch, type OutboundFetch, type Reach } from '../../support/outbound-fetch.ts';
import { heldToken, type HeldToken, type ObtainedToken } from '../credentials/held-token.ts';
import { credentialsError, oauthErrorOf } from '../credentials/token-endpoint.ts';
import type { HeldCredentials } from '../credentials/upstream-credentials.ts';
import type { TokenVault } from '../token-vault.ts';
import { beginSignIn, type Begun } from './begin-sign-in.ts';
import { reachOf, SignInError, type SignInTarget } from './sign-in-config.ts';
import { isFor, refreshed, type SignedIn } from './signed-in.ts';
import { lackOf, scopesTogether } from './step-up.ts';

/** From `begin` to the browser's return. */
const LIFETIME_MS = 5 * 60_000;

export type SignInState =
  | { readonly kind: 'signed-out'; readonly problem?: string }
  | { readonly kind: 'signing-in'; readonly authorizationUrl: string }
  | {
      readonly kind: 'signed-in';
      readonly issuer: string;
      readonly scope?: string;
      readonly signedInAt: number;
      /** Of the access token. */
      readonly expiresAt?: number;
      /** Goes on without the person when the access token has expired. */
      readonly isRenewable: boolean;
    };

export interface SignInDeps {
  /** What the configuration in force says of an upstream; undefined for one that nobody signs in to. */
  readonly targetOf: (upstream: string) => SignInTarget | undefined;
  readonly vault: TokenVault;
  readonly secret: (text: string) => Promise<string>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after every change of what `state` answers. */
  readonly onChanged?: (upstream: string) => void;
  /** For tests. */
  readonly fetchWithin?: (reach: Reach) => OutboundFetch;
  readonly lifetimeMs?: number;
}

export interface SignInCredentials extends HeldCredentials {
  /** For an answer of 403; see `UpstreamCredentials`. The next sign-in asks for what was missing. */
  lacking(principal: unknown, challenge: string | undefined): TrafficError | undefined;
}

export interface SignIns {
  /** Rejects with `SignInError` when nobody can sign in there. A sign-in that is under way is called off. */
  begin(upstream: string): Promise<{ readonly authorizationUrl: string; readonly done: Promise<SignInState> }>;
  state(upstream: string): SignInState;
  /** Calls off a sign-in that is under way, and forgets the tokens. */
  forget(upstream: string): void;
  credentialsFor(upstream: string): SignInCredentials;
  /** Calls off what is under way. */
  close(): void;
}

export function signIns(deps: SignInDeps): SignIns {
  const { targetOf, vault, clock, log, secret, onChanged, lifetimeMs = LIFETIME_MS } = deps;
  const fetchWithin = deps.fetchWithin ?? ((reach: Reach) => outboundFetch({ reach, timeoutMs: 10_000 }));
  const kept = vault.records('sign-ins');
  const registrations = vault.records('registrations');
  const underway = new Map<string, Begun>();
  const problems = new Map<string, string>();
  /** What servers wanted beyond what sign-ins may do; for the next one. */
  const missing = new Map<string, string>();
  const held = new Map<string, { readonly token: HeldToken; readonly of: SignedIn }>();

  const signedInTo = (upstream: string): SignedIn | undefined => {
    const target = targetOf(upstream);
    const found = kept.get(upstream) as SignedIn | undefined;
    // Tokens for what the configuration said before stay where they are, and are not used.
    return target !== undefined && found !== undefined && isFor(found, target) ? found : undefined;
  };
  const keep = (upstream: string, signedIn: SignedIn) => {
    kept.set(upstream, signedIn);
    onChanged?.(upstream);
  };
  const drop = (upstream: string, problem?: string) => {
    kept.delete(upstream);
    held.delete(upstream);
    missing.delete(upstream);
    if (problem === undefined) problems.delete(upstream);
    else problems.set(upstream, problem);
    onChanged?.(upstream);
  };
  const callOff = (upstream: string) => {
    underway.get(upstream)?.cancel();
    underway.delete(upstream);
  };

  const renew = async (upstream: string): Promise<ObtainedToken> => {
    const [signedIn, target] = [signedInTo(upstream), targetOf(upstream)];
    if (signedIn === undefined || target === undefined) throw notSignedIn(upstream);
    const { refreshToken } = signedIn;
    if (refreshToken === undefined) {
      drop(upstream, 'The sign-in has expired.');
      throw notSignedIn(upstream);
    }
    try {
      const next = await refreshed({ ...signedIn, refreshToken }, { clock, secret, fetch: fetchWithin(reachOf(target)) });
      // Before it is used: a rotated refresh token that is lost ends the sign-in. Not if it was ended meanwhile.
      if (kept.get(upstream) === signedIn) keep(upstream, next);
      return next;
    } catch (error) {
      if (oauthErrorOf(error) === 'invalid_grant') {
        if (kept.get(upstream) === signedIn) drop(upstream, 'The server has ended the sign-in.');
        log.warn('A sign-in has ended', { upstream, issuer: signedIn.issuer });
        throw notSignedIn(upstream);
      }
      throw credentialsError({ upstream, log }, error);
    }
  };
  const tokenOf = (upstream: string): HeldToken => {
    const signedIn = signedInTo(upstream);
    const known = held.get(upstream);
    if (signedIn === undefined) {
      held.delete(upstream);
      throw notSignedIn(upstream);
    }
    // A new sign-in, to whatever the configuration says now, is not served with what an older one left.
    if (known !== undefined && known.of.signedInAt === signedIn.signedInAt && known.of.issuer === signedIn.issuer) return known.token;
    const token = heldToken({ upstream, clock, log, obtain: () => renew(upstream) });
    token.put(signedIn);
    held.set(upstream, { token, of: signedIn });
    return token;
  };

  const lacking = (upstream: string, challenge: string | undefined): TrafficError | undefined => {
    const [signedIn, target] = [signedInTo(upstream), targetOf(upstream)];
    const lack = signedIn === undefined || target === undefined ? undefined : lackOf(challenge, signedIn, target.config);
    if (lack === undefined) return undefined;
    const before = missing.get(upstream);
    const together = scopesTogether(before, lack.missing);
    if (together !== undefined && together !== before) {
      missing.set(upstream, together);
      log.warn('A server wants more than a sign-in may do', { upstream, missing: together });
    }
    return new TrafficError('UPSTREAM_AUTH', `${upstream} ${lack.text}`, { facts: { upstream, may_have_executed: false } });
  };
  const stateOf = (upstream: string): SignInState => {
    const begun = underway.get(upstream);
    if (begun !== undefined) return { kind: 'signing-in', authorizationUrl: begun.authorizationUrl };
    const signedIn = signedInTo(upstream);
    const problem = problems.get(upstream);
    if (signedIn === undefined) return { kind: 'signed-out', ...(problem === undefined ? {} : { problem }) };
    const { issuer, scope, signedInAt, expiresAt, refreshToken } = signedIn;
    return {
      kind: 'signed-in',
      issuer,
      signedInAt,
      isRenewable: refreshToken !== undefined,
      ...(scope === undefined ? {} : { scope }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
  };

  return {
    async begin(upstream) {
      const target = targetOf(upstream);
      if (target === undefined) throw new SignInError(`${upstream} is not configured for signing in.`);
      callOff(upstream);
      const [from, more] = [signedInTo(upstream), missing.get(upstream)];
      const stepUp = from === undefined || more === undefined ? {} : { stepUp: { from, missing: more } };
      const begun = await beginSignIn(target, { clock, secret, fetchWithin, registrations, lifetimeMs, ...stepUp });
      // Two that began at once: the one that got here last is the one whose address is shown.
      callOff(upstream);
      underway.set(upstream, begun);
      onChanged?.(upstream);
      const over = (problem?: string) => {
        // One that was called off for the sake of another says nothing about that.
        if (underway.get(upstream) !== begun) return;
        underway.delete(upstream);
        if (problem === undefined) problems.delete(upstream);
        else problems.set(upstream, problem);
      };
      const done = begun.done.then(
        signedIn => {
          over();
          held.delete(upstream);
          missing.delete(upstream);
          keep(upstream, signedIn);
          log.info('Somebody signed in to an upstream', { upstream, issuer: signedIn.issuer });
          return stateOf(upstream);
        },
        (error: unknown) => {
          over(error instanceof Error ? error.message : 'It failed.');
          onChanged?.(upstream);
          throw error;
        },
      );
      done.catch(() => undefined);
      return { authorizationUrl: begun.authorizationUrl, done };
    },
    state: stateOf,
    forget(upstream) {
      callOff(upstream);
      drop(upstream);
    },
    credentialsFor: upstream => ({
      headers: () => tokenOf(upstream).fields(),
      rejected: () => signedInTo(upstream)?.refreshToken !== undefined && tokenOf(upstream).rejected(),
      lacking: (_principal, challenge) => lacking(upstream, challenge),
    }),
    close() {
      for (const begun of underway.values()) begun.cancel();
      underway.clear();
    },
  };
}

function notSignedIn(upstream: string): TrafficError {
  return new TrafficError('UPSTREAM_AUTH', `Nobody is signed in to ${upstream}.`, { facts: { upstream, may_have_executed: false } });
}
