/** Signing in to upstreams, once, as a person: begins sign-ins, keeps their tokens, renews them, and gives them to requests. */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Clock, Logger } from '../../ports.ts';
import { outboundFetch, type OutboundFetch, type Reach } from '../../support/outbound-fetch.ts';
import { heldToken, type HeldToken, type ObtainedToken } from '../credentials/held-token.ts';
import { credentialsError, oauthErrorOf } from '../credentials/token-endpoint.ts';
import type { HeldCredentials } from '../credentials/upstream-credentials.ts';
import type { TokenVault, VaultRecords } from '../token-vault.ts';
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
  return new KeptSignIns(deps);
}

class KeptSignIns implements SignIns {
  readonly #deps: SignInDeps;
  readonly #fetchWithin: (reach: Reach) => OutboundFetch;
  readonly #kept: VaultRecords;
  readonly #registrations: VaultRecords;
  readonly #underway = new Map<string, Begun>();
  readonly #problems = new Map<string, string>();
  /** What servers wanted beyond what sign-ins may do; for the next one. */
  readonly #missing = new Map<string, string>();
  readonly #held = new Map<string, { readonly token: HeldToken; readonly of: SignedIn }>();

  constructor(deps: SignInDeps) {
    this.#deps = deps;
    this.#fetchWithin = deps.fetchWithin ?? ((reach: Reach) => outboundFetch({ reach, timeoutMs: 10_000 }));
    this.#kept = deps.vault.records('sign-ins');
    this.#registrations = deps.vault.records('registrations');
  }

  async begin(upstream: string): Promise<{ readonly authorizationUrl: string; readonly done: Promise<SignInState> }> {
    const { targetOf, clock, secret, lifetimeMs = LIFETIME_MS } = this.#deps;
    const target = targetOf(upstream);
    if (target === undefined) throw new SignInError(`${upstream} is not configured for signing in.`);
    this.#callOff(upstream);
    const [from, more] = [this.#signedInTo(upstream), this.#missing.get(upstream)];
    const begun = await beginSignIn(target, {
      clock,
      secret,
      fetchWithin: this.#fetchWithin,
      registrations: this.#registrations,
      lifetimeMs,
      ...(from === undefined || more === undefined ? {} : { stepUp: { from, missing: more } }),
    });
    // Two that began at once: the one that got here last is the one whose address is shown.
    this.#callOff(upstream);
    this.#underway.set(upstream, begun);
    this.#changed(upstream);
    const done = this.#done(upstream, begun);
    done.catch(() => undefined);
    return { authorizationUrl: begun.authorizationUrl, done };
  }

  state(upstream: string): SignInState {
    const begun = this.#underway.get(upstream);
    if (begun !== undefined) return { kind: 'signing-in', authorizationUrl: begun.authorizationUrl };
    const signedIn = this.#signedInTo(upstream);
    const problem = this.#problems.get(upstream);
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
  }

  forget(upstream: string): void {
    this.#callOff(upstream);
    this.#drop(upstream);
  }

  credentialsFor(upstream: string): SignInCredentials {
    return {
      headers: () => this.#tokenOf(upstream).fields(),
      rejected: () => this.#signedInTo(upstream)?.refreshToken !== undefined && this.#tokenOf(upstream).rejected(),
      lacking: (_principal, challenge) => this.#lacking(upstream, challenge),
    };
  }

  close(): void {
    for (const begun of this.#underway.values()) begun.cancel();
    this.#underway.clear();
  }

  async #done(upstream: string, begun: Begun): Promise<SignInState> {
    const over = (problem?: string) => {
      // One that was called off for the sake of another says nothing about that.
      if (this.#underway.get(upstream) !== begun) return;
      this.#underway.delete(upstream);
      this.#setProblem(upstream, problem);
    };
    let signedIn: SignedIn;
    try {
      signedIn = await begun.done;
    } catch (error) {
      over(error instanceof Error ? error.message : 'It failed.');
      this.#changed(upstream);
      throw error;
    }
    over();
    this.#held.delete(upstream);
    this.#missing.delete(upstream);
    this.#keep(upstream, signedIn);
    this.#deps.log.info('Somebody signed in to an upstream', { upstream, issuer: signedIn.issuer });
    return this.state(upstream);
  }

  #tokenOf(upstream: string): HeldToken {
    const { clock, log } = this.#deps;
    const signedIn = this.#signedInTo(upstream);
    const known = this.#held.get(upstream);
    if (signedIn === undefined) {
      this.#held.delete(upstream);
      throw notSignedIn(upstream);
    }
    // A new sign-in, to whatever the configuration says now, is not served with what an older one left.
    if (known !== undefined && known.of.signedInAt === signedIn.signedInAt && known.of.issuer === signedIn.issuer) return known.token;
    const token = heldToken({ upstream, clock, log, obtain: () => this.#renew(upstream) });
    token.put(signedIn);
    this.#held.set(upstream, { token, of: signedIn });
    return token;
  }

  async #renew(upstream: string): Promise<ObtainedToken> {
    const { targetOf, clock, secret, log } = this.#deps;
    const [signedIn, target] = [this.#signedInTo(upstream), targetOf(upstream)];
    if (signedIn === undefined || target === undefined) throw notSignedIn(upstream);
    const { refreshToken } = signedIn;
    if (refreshToken === undefined) {
      this.#drop(upstream, 'The sign-in has expired.');
      throw notSignedIn(upstream);
    }
    try {
      const next = await refreshed({ ...signedIn, refreshToken }, { clock, secret, fetch: this.#fetchWithin(reachOf(target)) });
      // Before it is used: a rotated refresh token that is lost ends the sign-in. Not if it was ended meanwhile.
      if (this.#kept.get(upstream) === signedIn) this.#keep(upstream, next);
      return next;
    } catch (error) {
      if (oauthErrorOf(error) !== 'invalid_grant') throw credentialsError({ upstream, log }, error);
      if (this.#kept.get(upstream) === signedIn) this.#drop(upstream, 'The server has ended the sign-in.');
      log.warn('A sign-in has ended', { upstream, issuer: signedIn.issuer });
      throw notSignedIn(upstream);
    }
  }

  #lacking(upstream: string, challenge: string | undefined): TrafficError | undefined {
    const [signedIn, target] = [this.#signedInTo(upstream), this.#deps.targetOf(upstream)];
    const lack = signedIn === undefined || target === undefined ? undefined : lackOf(challenge, signedIn, target.config);
    if (lack === undefined) return undefined;
    const before = this.#missing.get(upstream);
    const together = scopesTogether(before, lack.missing);
    if (together !== undefined && together !== before) {
      this.#missing.set(upstream, together);
      this.#deps.log.warn('A server wants more than a sign-in may do', { upstream, missing: together });
    }
    return new TrafficError('UPSTREAM_AUTH', `${upstream} ${lack.text}`, { facts: { upstream, may_have_executed: false } });
  }

  /** Tokens for what the configuration said before stay where they are, and are not used. */
  #signedInTo(upstream: string): SignedIn | undefined {
    const target = this.#deps.targetOf(upstream);
    const found = this.#kept.get(upstream) as SignedIn | undefined;
    return target !== undefined && found !== undefined && isFor(found, target) ? found : undefined;
  }

  #keep(upstream: string, signedIn: SignedIn): void {
    this.#kept.set(upstream, signedIn);
    this.#changed(upstream);
  }

  #drop(upstream: string, problem?: string): void {
    this.#kept.delete(upstream);
    this.#held.delete(upstream);
    this.#missing.delete(upstream);
    this.#setProblem(upstream, problem);
    this.#changed(upstream);
  }

  #callOff(upstream: string): void {
    this.#underway.get(upstream)?.cancel();
    this.#underway.delete(upstream);
  }

  #setProblem(upstream: string, problem: string | undefined): void {
    if (problem === undefined) this.#problems.delete(upstream);
    else this.#problems.set(upstream, problem);
  }

  #changed(upstream: string): void {
    this.#deps.onChanged?.(upstream);
  }
}

function notSignedIn(upstream: string): TrafficError {
  return new TrafficError('UPSTREAM_AUTH', `Nobody is signed in to ${upstream}.`, { facts: { upstream, may_have_executed: false } });
}
