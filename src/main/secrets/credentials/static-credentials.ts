/** A secret of the operator as a field of every request. Read again now and then, so that a rotated file counts without a restart. */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Clock, Logger } from '../../ports.ts';
import { bearerOf } from './held-token.ts';

export interface StaticCredentialsDeps {
  readonly upstream: string;
  readonly secret: (text: string) => Promise<string>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** From this age on it is read again in the background. */
const FRESH_MS = 60_000;

/** `name` and what its value is made of; `Bearer` goes before a token. */
export interface StaticField {
  readonly name: string;
  readonly text: string;
  readonly isBearer: boolean;
}

export function staticCredentials(field: StaticField, { upstream, secret, clock, log }: StaticCredentialsDeps) {
  let known: { readonly fields: readonly string[]; readonly readAt: number } | undefined;
  let reading: Promise<readonly string[]> | undefined;
  const read = (): Promise<readonly string[]> => {
    reading ??= secret(field.text)
      .then(value => {
        known = { fields: [field.name, valueOf(field, value, upstream)], readAt: clock.now() };
        return known.fields;
      })
      .catch((error: unknown) => {
        // The resolver's message names the reference, never its value.
        const problem = error instanceof Error ? error.message : 'It failed.';
        log.warn('A secret for an upstream could not be read', { upstream, problem });
        throw error instanceof TrafficError ? error : new TrafficError('UPSTREAM_AUTH', `The secret for ${upstream} could not be read.`);
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  return {
    headers(): readonly string[] | Promise<readonly string[]> {
      if (known === undefined) return read();
      // What was read last serves on while a file is being replaced.
      if (clock.now() - known.readAt >= FRESH_MS) read().catch(() => undefined);
      return known.fields;
    },
    /** Worth a second attempt only when it may have been rotated since it was read. */
    rejected(): boolean {
      if (known === undefined || clock.now() - known.readAt < FRESH_MS) return false;
      known = undefined;
      return true;
    },
  };
}

function valueOf({ isBearer }: StaticField, secret: string, upstream: string): string {
  const value = secret.trim();
  if (isBearer) return bearerOf(value, upstream);
  if (value !== '' && /^[\t\x20-\x7e\x80-\xff]+$/.test(value)) return value;
  throw new TrafficError('UPSTREAM_AUTH', `The secret for ${upstream} holds characters that no header field has.`);
}
