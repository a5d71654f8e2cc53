/** Certificates are renewed behind references that stay as they are: they are looked at from time to time, and taken over. */
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../shared/config/schema.ts';
import type { Logger } from '../ports.ts';
import { resolveSecrets, type ResolvedSecrets, type ResolveText } from './resolved-secrets.ts';
import { tlsProblems } from './tls-problems.ts';

const LOOK_EVERY_MS = 5000;

export interface RenewalDeps {
  readonly log: Logger;
  readonly everyMs?: number;
  /** What is in force. */
  readonly inForce: () => { readonly config: Config; readonly secrets: ResolvedSecrets };
  readonly resolve: ResolveText;
  /** Takes the configuration in force once more. */
  readonly again: (reason: string) => Promise<void>;
}

export interface RenewalWatch {
  close(): void;
}

/** Other secrets are read where they are used. A certificate whose key has not come yet is left for the next look, and told then. */
export function watchRenewals({ log, everyMs = LOOK_EVERY_MS, inForce, resolve, again }: RenewalDeps): RenewalWatch {
  let refused: ResolvedSecrets | undefined;
  let isToldRefused = false;
  let isLooking = false;

  async function look(): Promise<void> {
    const { config, secrets } = inForce();
    if (secrets.listenerTls.size + secrets.upstreamTls.size === 0) return;
    const found = await resolveSecrets(config, resolve);
    if (inForce().config !== config || isSame(found.secrets, secrets)) return;
    const problems = [...found.problems, ...(found.problems.length === 0 ? tlsProblems(config, found.secrets) : [])];
    if (problems.length === 0) return again('a certificate was renewed');
    const isNew = refused === undefined || !isSame(refused, found.secrets);
    if (!isNew && !isToldRefused)
      log.warn('A renewed certificate cannot be used; the former stays', { problem: problems.map(({ message }) => message).join(' ') });
    isToldRefused = !isNew;
    refused = found.secrets;
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

function isSame(a: ResolvedSecrets, b: ResolvedSecrets): boolean {
  return isDeepStrictEqual([a.listenerTls, a.upstreamTls], [b.listenerTls, b.upstreamTls]);
}
