/** What the record keeps of whoever asks: enough for policies, bounded, and no credentials. */
import { expect, test } from 'vitest';
import { anExchange } from '../../../test/kit/an-exchange.ts';
import { askerText, readAsker } from './asker.ts';
import type { Guard, Principal } from './guard.ts';

const principal: Principal = {
  kind: 'token',
  id: '0123456789abcdef0123456789abcdef',
  sub: 'ada',
  iss: 'https://idp.example',
  scopes: ['mcp'],
  roles: ['editor'],
  claims: { email: 'ada@example', sub: 'ada' },
  token: 'eyJ.secret.token',
};
const guardOf = (who: Principal | undefined): Guard => {
  const { guard } = anExchange({ body: { jsonrpc: '2.0', id: 1, method: 'tools/list' } });
  return { ...guard, journey: { ...guard.journey, ...(who === undefined ? {} : { principal: who }), sessionId: 's1' } };
};

test('subject, scopes, roles, address and session are kept; token and claims are not', () => {
  const text = askerText(guardOf(principal));
  expect(readAsker(text)).toMatchObject({
    session: 's1',
    principal: {
      kind: 'token',
      id: principal.id,
      sub: 'ada',
      iss: 'https://idp.example',
      scopes: ['mcp'],
      roles: ['editor'],
      hadClaims: true,
    },
  });
  expect(text).not.toMatch(/secret|ada@example|claims"/);
});

test('of one who has more scopes than fit, nothing is kept that could be taken for all of them', () => {
  const scopes = Array.from({ length: 1000 }, (_, at) => `scope:${at}`);
  const text = askerText(guardOf({ ...principal, scopes }));
  expect(text.length).toBeLessThan(4096);
  expect(readAsker(text)?.principal).toEqual({ kind: 'token', id: principal.id, hadClaims: true });
});

test('whoever was turned away is nobody; what is no asker reads as none', () => {
  expect(readAsker(askerText(guardOf(undefined)))?.principal).toBeUndefined();
  expect([undefined, '', 'null', '{}', '[]', '{"listener":7}'].map(text => readAsker(text))).toEqual(Array(6).fill(undefined));
});
