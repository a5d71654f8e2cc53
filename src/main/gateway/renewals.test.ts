/** Renewed certificates: taken over when they fit, left alone while only half of them is there. */
import { afterEach, expect, test } from 'vitest';
import { selfSigned } from '../../../test/kit/self-signed.ts';
import { Config } from '../../shared/config/schema.ts';
import { type RenewalWatch, watchRenewals } from './renewals.ts';
import { resolveSecrets } from './resolved-secrets.ts';

const watches: RenewalWatch[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) watch.close();
});

test('a renewed pair is taken once, a half of it or a text that is none is not, and is told once; other secrets are left alone', async () => {
  const [first, second] = [selfSigned('127.0.0.1'), selfSigned('127.0.0.1')];
  const files = new Map([
    ['cert', first.cert],
    ['key', first.key],
  ]);
  const config = Config.parse({
    version: 1,
    listeners: [{ name: 'main', port: 0, routes: [{ path: '/mcp', upstream: 'a' }], tls: { cert: 'cert', key: 'key' } }],
    upstreams: {
      a: { instances: [{ id: 'one', url: 'http://127.0.0.1:1' }], credentials: { bearer: 'bearer' } },
      b: { instances: [{ id: 'one', command: 'node', env: { TOKEN: 'token' } }] },
    },
    admin: { token: 'admin' },
    sessions: { keys: ['session'] },
  });
  const asked = new Map<string, number>();
  const resolve = (text: string) => {
    asked.set(text, (asked.get(text) ?? 0) + 1);
    return Promise.resolve(files.get(text) ?? text);
  };
  let { secrets } = await resolveSecrets(config, resolve);
  const said: string[] = [];
  const taken: string[] = [];
  const quiet = () => undefined;
  watches.push(
    watchRenewals({
      log: { debug: quiet, info: quiet, error: quiet, warn: (message, facts) => said.push(`${message}: ${String(facts?.['problem'])}`) },
      everyMs: 5,
      inForce: () => ({ config, secrets }),
      resolve,
      async again(reason) {
        if (files.get('token') === '') throw new Error('${vault:token} is not in the vault.');
        taken.push(reason);
        ({ secrets } = await resolveSecrets(config, resolve));
      },
    }),
  );
  files.set('cert', second.cert);
  await expect.poll(() => said.length).toBe(1);
  expect(said[0]).toMatch(/^A renewed certificate cannot be used; the former stays: .*mismatch/);
  files.set('key', second.key);
  files.set('token', '');
  await expect.poll(() => said.length).toBe(2);
  expect(said[1]).toMatch(/: \$\{vault:token\} is not in the vault\.$/);
  files.delete('token');
  await expect.poll(() => taken).toEqual(['a certificate was renewed']);
  expect(secrets.listenerTls.get('main')?.cert).toBe(second.cert);
  // A vault, or whatever else stands behind other references, is not asked every few seconds: only when a configuration is taken.
  expect(asked.get('cert')).toBeGreaterThan(4);
  expect(['token', 'admin', 'session', 'bearer'].map(text => asked.get(text))).toEqual([2, 2, 2, undefined]);
  files.set('cert', 'no certificate');
  await expect.poll(() => said.length).toBe(3);
  await new Promise(resolved => setTimeout(resolved, 40));
  expect([taken.length, said.length]).toEqual([1, 3]);
});
