import { describe, expect, test } from 'vitest';
import { TestClock } from '../../../../test/kit/oidc-exchange.ts';
import { anonymous } from '../../pipeline/guard.ts';
import type { UpstreamCredentials } from '../../pipeline/credentials.ts';
import { silentLogger } from '../../ports.ts';
import { heldToken, type ObtainedToken } from './held-token.ts';
import { upstreamCredentials } from './upstream-credentials.ts';

const later = <T>(value: T): Promise<T> =>
  new Promise(resolve => {
    setTimeout(() => resolve(value), 1);
  });

describe('a held token', () => {
  const made = (lifeMs: number | undefined = 600_000) => {
    const clock = new TestClock();
    let count = 0;
    const answers: (() => Promise<ObtainedToken>)[] = [];
    const token = heldToken({
      upstream: 'github',
      clock,
      log: silentLogger,
      obtain: () => {
        count += 1;
        const scripted = answers.shift();
        if (scripted !== undefined) return scripted();
        return later({ accessToken: `t${count}`, ...(lifeMs === undefined ? {} : { expiresAt: clock.now() + lifeMs }) });
      },
    });
    return { clock, token, answers, count: () => count };
  };
  const valueOf = async (fields: readonly string[] | Promise<readonly string[]>) => (await fields)[1];

  test('is got once for all who wait, then given at once', async () => {
    const { token, count } = made();
    expect(await Promise.all([1, 2, 3].map(() => valueOf(token.fields())))).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1']);
    expect(count()).toBe(1);
    expect(token.fields()).toEqual(['Authorization', 'Bearer t1']);
  });

  test('is renewed in the background before it expires, and waited for once it is too old to send', async () => {
    const { token, clock } = made();
    await token.fields();
    clock.advance(539_999);
    expect(token.fields()).toEqual(['Authorization', 'Bearer t1']);
    clock.advance(1);
    expect(token.fields()).toEqual(['Authorization', 'Bearer t1']);
    await later(0).then(later);
    expect(token.fields()).toEqual(['Authorization', 'Bearer t2']);
    clock.advance(595_000);
    expect(token.fields()).toBeInstanceOf(Promise);
    expect(await valueOf(token.fields())).toBe('Bearer t3');
  });

  test('a renewal that fails leaves the one at hand in use, and is tried again later', async () => {
    const { token, clock, answers, count } = made();
    await token.fields();
    clock.advance(550_000);
    answers.push(() => Promise.reject(new Error('down')));
    expect(await valueOf(token.fields())).toBe('Bearer t1');
    await later(0);
    expect(await valueOf(token.fields())).toBe('Bearer t1');
    expect(count()).toBe(2);
    clock.advance(10_000);
    expect(await valueOf(token.fields())).toBe('Bearer t1');
    await later(0).then(later);
    expect(await valueOf(token.fields())).toBe('Bearer t3');
  });

  test('a failure is everybody’s for a second, then there is another try', async () => {
    const { token, clock, answers, count } = made();
    answers.push(() => Promise.reject(new Error('down')));
    for (let at = 0; at < 3; at += 1) await expect(token.fields()).rejects.toThrow('down');
    expect(count()).toBe(1);
    clock.advance(1000);
    expect(await valueOf(token.fields())).toBe('Bearer t2');
  });

  test('one that the upstream refuses is replaced once, not again and again', async () => {
    const { token, clock } = made();
    await token.fields();
    expect(token.rejected()).toBe(false);
    clock.advance(5000);
    expect(token.rejected()).toBe(true);
    // Others that were refused with the old one may try again with the new one.
    const fresh = token.fields();
    expect(token.rejected()).toBe(true);
    expect(await valueOf(fresh)).toBe('Bearer t2');
    expect(token.rejected()).toBe(true);
    expect(await valueOf(token.fields())).toBe('Bearer t2');
    clock.advance(5000);
    expect(token.rejected()).toBe(true);
    expect(await valueOf(token.fields())).toBe('Bearer t3');
  });

  test('what was under way when another was put does not replace it', async () => {
    const { token } = made();
    const slow = token.fields();
    token.put({ accessToken: 'put' });
    await slow;
    expect(token.fields()).toEqual(['Authorization', 'Bearer put']);
  });

  test('lives five minutes where the server does not say how long', async () => {
    const { token, clock } = made(undefined);
    token.put({ accessToken: 'put' });
    clock.advance(294_999);
    expect(token.fields()).toEqual(['Authorization', 'Bearer put']);
    clock.advance(1);
    expect(token.fields()).toBeInstanceOf(Promise);
  });

  test('a token that could end its field is refused', () => {
    expect(() => made().token.put({ accessToken: 'a\r\nX-Admin: 1' })).toThrow('characters that no token has');
  });
});

describe('static credentials', () => {
  const made = (config: Parameters<typeof upstreamCredentials>[0], values: Record<string, string>) => {
    const clock = new TestClock();
    const secret = async (text: string) => {
      const value = values[text];
      if (value === undefined) throw new Error(`${text} is not set`);
      return value;
    };
    // The pipeline's own shape, so that the two cannot drift apart.
    const credentials: UpstreamCredentials = upstreamCredentials(config, { upstream: 'github', secret, clock, log: silentLogger });
    return { credentials, clock, values };
  };

  test('a bearer token and a header come from their references, at once after the first time', async () => {
    const bearer = made({ bearer: '${env:T}' }, { '${env:T}': 'abc\n' }).credentials;
    expect(await bearer.headers(anonymous)).toEqual(['Authorization', 'Bearer abc']);
    expect(bearer.headers(anonymous)).toEqual(['Authorization', 'Bearer abc']);
    const header = made({ header: { name: 'X-Key', value: 'v' } }, { v: 'a b' }).credentials;
    expect(await header.headers(anonymous)).toEqual(['X-Key', 'a b']);
  });

  test('a rotated secret counts after a minute, or after the upstream refused the old one', async () => {
    const { credentials, clock, values } = made({ bearer: 'r' }, { r: 'old' });
    await credentials.headers(anonymous);
    values.r = 'new';
    expect(credentials.rejected(anonymous)).toBe(false);
    clock.advance(60_000);
    expect(credentials.rejected(anonymous)).toBe(true);
    expect(await credentials.headers(anonymous)).toEqual(['Authorization', 'Bearer new']);
    values.r = 'newer';
    clock.advance(60_000);
    expect(credentials.headers(anonymous)).toEqual(['Authorization', 'Bearer new']);
    await later(0);
    expect(credentials.headers(anonymous)).toEqual(['Authorization', 'Bearer newer']);
  });

  test('one that is not there, or that could end its field, is an error that does not quote it', async () => {
    await expect(made({ bearer: 'x' }, {}).credentials.headers(anonymous)).rejects.toMatchObject({ code: 'UPSTREAM_AUTH' });
    const broken = made({ header: { name: 'X-Key', value: 'v' } }, { v: 'secret\r\nX-Admin: 1' }).credentials;
    await expect(broken.headers(anonymous)).rejects.toMatchObject({
      code: 'UPSTREAM_AUTH',
      message: expect.not.stringContaining('secret\r'),
    });
  });
});

test('sign-in where nobody can sign in, and an exchange for somebody without a token, are UPSTREAM_AUTH', () => {
  const deps = { upstream: 'github', secret: later, clock: new TestClock(), log: silentLogger };
  const endpoint = { tokenUrl: 'https://idp.example/token', clientId: 'c', clientSecret: 's' };
  expect(() => upstreamCredentials({ signIn: { allowPrivate: false } }, deps).headers(anonymous)).toThrow(
    expect.objectContaining({ code: 'UPSTREAM_AUTH' }),
  );
  expect(() => upstreamCredentials({ tokenExchange: endpoint }, deps).headers(anonymous)).toThrow(
    expect.objectContaining({ code: 'UPSTREAM_AUTH' }),
  );
});
