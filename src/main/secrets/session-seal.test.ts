import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sealBytes } from './sealed-box.ts';
import { sessionKeys } from './session-keys.ts';
import type { SealedSession } from '../../shared/model/sealed-session.ts';
import { sessionSeal } from './session-seal.ts';

const session: SealedSession = {
  sessionId: 'f00dfeedf00dfeed',
  upstream: 'github',
  instanceId: 'a',
  upstreamSessionId: 'a1b2-ü~',
  principalId: 'p1',
  route: '/mcp/github',
  listener: 'main',
  protocolVersion: '2025-11-25',
  issuedAt: 1_700_000_000_000,
};

describe('session ids', () => {
  test('come back as they were sealed, in visible ASCII, and show nothing of what they hold', () => {
    const seal = sessionSeal({ keys: [randomBytes(32)] });
    const text = seal.seal(session);
    expect(seal.open(text)).toEqual(session);
    expect(text).toMatch(/^[\w-]+$/);
    expect(Buffer.from(text, 'base64url').toString('latin1')).not.toContain('github');
    expect(seal.seal(session)).not.toBe(text);
  });

  test('open with every key while keys rotate, and with no other', () => {
    const [older, newer, foreign] = [randomBytes(32), randomBytes(32), randomBytes(32)] as const;
    const old = sessionSeal({ keys: [older] }).seal(session);
    const rotating = sessionSeal({ keys: [newer, older] });
    expect(rotating.open(old)).toEqual(session);
    expect(sessionSeal({ keys: [newer] }).open(rotating.seal(session))).toEqual(session);
    expect(sessionSeal({ keys: [foreign] }).open(old)).toBeUndefined();
  });

  test('do not open when any character is changed, cut off or added', () => {
    const seal = sessionSeal({ keys: [randomBytes(32)] });
    const text = seal.seal(session);
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'A' ? 'B' : 'A';
      expect(seal.open(text.slice(0, at) + other + text.slice(at + 1)), `character ${at}`).toBeUndefined();
    }
    for (const wrong of ['', 'x', text.slice(1), text.slice(0, -1), `${text}A`, `${text}=`, ` ${text}`, 'A'.repeat(100_000)])
      expect(seal.open(wrong)).toBeUndefined();
  });

  test('what was sealed with the same key for another purpose is no session', () => {
    const key = randomBytes(32);
    const foreign = sealBytes(key, 'something else', Buffer.from('["a","b","c","d","e","f","g","h",1]'));
    expect(sessionSeal({ keys: [key] }).open(foreign.toString('base64url'))).toBeUndefined();
  });

  test('an id of the upstream that would make ours too long is refused, the longest that fits is not', () => {
    const seal = sessionSeal({ keys: [randomBytes(32)] });
    const fits = { ...session, upstreamSessionId: 'x'.repeat(4096) };
    expect(seal.open(seal.seal(fits))).toEqual(fits);
    expect(() => seal.seal({ ...session, upstreamSessionId: 'x'.repeat(5000) })).toThrow('5000 characters');
  });
});

describe('session keys', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'shadowcat-keys-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  test('a key is made once, kept for its owner alone, and found again', () => {
    const made = sessionKeys({ dataDir, configured: [] });
    const path = join(dataDir, 'session.key');
    expect(made).toHaveLength(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(sessionKeys({ dataDir, configured: [] })).toEqual(made);
  });

  test('a damaged key file is told and stays as it is', () => {
    const path = join(dataDir, 'session.key');
    writeFileSync(path, 'short');
    expect(() => sessionKeys({ dataDir, configured: [] })).toThrow(path);
    expect(readFileSync(path, 'utf8')).toBe('short');
  });

  test('configured keys are used in their order, and one of a wrong length is named without being shown', () => {
    const [first, second] = [randomBytes(32), randomBytes(32)] as const;
    expect(sessionKeys({ dataDir, configured: [first.toString('base64'), second.toString('base64url')] })).toEqual([first, second]);
    const short = randomBytes(16).toString('base64');
    const problem = (() => {
      try {
        return String(sessionKeys({ dataDir, configured: [first.toString('base64'), short] }));
      } catch (error) {
        return String(error);
      }
    })();
    expect(problem).toContain('sessions.keys[1]');
    expect(problem).not.toContain(short);
  });
});
