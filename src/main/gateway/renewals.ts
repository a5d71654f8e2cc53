/** Certificates are renewed behind references that stay as they are: they are looked at from time to time, and taken over. */
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../shared/config/schema.ts';
import type { Logger } from '../ports.ts';
import { type ResolvedTls, resolveTls, type ResolveText } from './resolved-secrets.ts';
import { tlsProblems } from './tls-problems.ts';

const LOOK_EVERY_MS = 5000;

export interface RenewalDeps {
  readonly log: Logger;
  readonly everyMs?: number;
  /** What is in force. */
  readonly inForce: () => { readonly config: Config; readonly secrets: ResolvedTls };
  readonly resolve: ResolveText;
  /** Takes the configuration in force once more. */
  readonly again: (reason: string) => Promise<void>;
}

export interface RenewalWatch {
  close(): void;
}

/** Other secrets are read where they are used. A certificate whose key has not come yet is left for the next look, and told then. */
export function watchRenewals({ log, everyMs = LOOK_EVERY_MS, inForce, resolve, again }: RenewalDeps): RenewalWatch {
  let refused: ResolvedTls | undefined;
  let isToldRefused = false;
  let isLooking = false;

  async function look(): Promise<void> {
    const { config, secrets } = inForce();
    if (secrets.listenerTls.size + secrets.upstreamTls.size === 0) return;
    const { tls, problems } = await resolveTls(config, resolve);
    if (inForce().config !== config || isSame(tls, secrets)) return;
    if (problems.length === 0) problems.push(...tlsProblems(config, tls));
    const problem = problems.length === 0 ? await takeOver() : problems.map(({ message }) => message).join(' ');
    if (problem === undefined) return;
    const isNew = refused === undefined || !isSame(refused, tls);
    if (!isNew && !isToldRefused) log.warn('A renewed certificate cannot be used; the former stays', { problem });
    isToldRefused = !isNew;
    refused = tls;
  }

  /** Why it could not be: with everything else that the configuration refers to, which may be gone meanwhile. */
  async function takeOver(): Promise<string | undefined> {
    try {
      await again('a certificate was renewed');
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async function lookOnce(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      await look();
    } catch (error) {
      log.warn('A renewed certificate was not taken', { error: String(error) });
    } finally {
      isLooking = false;
    }
  }

  const timer = setInterval(() => void lookOnce(), everyMs).unref();
  return { close: () => clearInterval(timer) };
}

function isSame(a: ResolvedTls, b: ResolvedTls): boolean {
  return isDeepStrictEqual([a.listenerTls, a.upstreamTls], [b.listenerTls, b.upstreamTls]);
}
