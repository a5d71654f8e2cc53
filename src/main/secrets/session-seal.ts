/**
 * The session ids that clients get are sealed envelopes: what a request needs in order to find its way back (upstream,
 * instance, the upstream's own id, whose it is) travels inside, so that a restart or another replica can still route it
 * and nobody can make one up or use another's.
 */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { SealedSession, SessionSeal } from '../../shared/model/sealed-session.ts';
import { openBytes, SEAL_BYTES, sealBytes } from './sealed-box.ts';

const PURPOSE = 'shadowcat session 1';
const MAX_CHARS = 6000;
/** Every request of a session shows its id again. Only what opened is kept, so that made-up ids push nothing out for free. */
const MAX_OPENED = 2_000;
const MAX_OPENED_CHARS = 1_000;
const MAX_PLAIN_BYTES = Math.floor((MAX_CHARS * 3) / 4) - SEAL_BYTES;

/** The first key seals, all open: two keys while rotating. */
export function sessionSeal({ keys }: { readonly keys: readonly Buffer[] }): SessionSeal {
  const [sealingKey] = keys;
  if (sealingKey === undefined) throw new Error('Session ids need a key.');
  const opened = new Map<string, SealedSession>();
  return {
    seal(session) {
      const plain = Buffer.from(JSON.stringify(toFields(session)));
      if (plain.length > MAX_PLAIN_BYTES)
        throw new TrafficError(
          'UPSTREAM_BROKE',
          `The session id of ${session.upstream} has ${session.upstreamSessionId.length} characters.`,
          { facts: { upstream: session.upstream, may_have_executed: true } },
        );
      return sealBytes(sealingKey, PURPOSE, plain).toString('base64url');
    },
    open(text) {
      if (text.length > MAX_CHARS) return undefined;
      const known = opened.get(text);
      if (known !== undefined) return known;
      const sealed = Buffer.from(text, 'base64url');
      // Several texts decode to the same bytes; only the one that we gave out is the id.
      if (sealed.toString('base64url') !== text) return undefined;
      for (const key of keys) {
        const plain = openBytes(key, PURPOSE, sealed);
        if (plain === undefined) continue;
        const session = fromFields(plain.toString('utf8'));
        if (session === undefined || text.length > MAX_OPENED_CHARS) return session;
        const [oldest] = opened.keys();
        if (opened.size >= MAX_OPENED && oldest !== undefined) opened.delete(oldest);
        opened.set(text, session);
        return session;
      }
      return undefined;
    },
  };
}

/** A list keeps the id short: names of members would be half of it. */
function toFields(session: SealedSession): readonly (string | number)[] {
  const { sessionId, upstream, instanceId, upstreamSessionId, principalId, route, listener, protocolVersion, issuedAt } = session;
  return [sessionId, upstream, instanceId, upstreamSessionId, principalId, route, listener, protocolVersion, issuedAt];
}

/** What opened was sealed by us; a list of another shape is from another version, and as good as unknown. */
function fromFields(plain: string): SealedSession | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(plain);
  } catch {
    return undefined;
  }
  if (!Array.isArray(fields) || fields.length !== 9) return undefined;
  const issuedAt: unknown = fields.at(-1);
  const texts: unknown[] = fields.slice(0, -1);
  if (typeof issuedAt !== 'number' || !texts.every(text => typeof text === 'string')) return undefined;
  const [sessionId, upstream, instanceId, upstreamSessionId, principalId, route, listener, protocolVersion] = texts as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return { sessionId, upstream, instanceId, upstreamSessionId, principalId, route, listener, protocolVersion, issuedAt };
}
