import { expect, test } from 'vitest';
import { authenticationOf, type SignInClient } from './client-authentication.ts';

async function sent(client: SignInClient): Promise<{ basic: string | undefined; body: string }> {
  const [headers, body] = [new Headers(), new URLSearchParams()];
  const authenticate = await authenticationOf(client, text => Promise.resolve(`resolved ${text}`));
  await authenticate({ issuer: 'https://idp.example' }, { client_id: client.clientId }, body, headers);
  const field = headers.get('authorization');
  return { basic: field === null ? undefined : Buffer.from(field.slice('Basic '.length), 'base64').toString(), body: body.toString() };
}

test('ids and secrets arrive as they are at servers that do not decode, but for what would be taken apart', async () => {
  const secret = (text: string) => ({ text, isReference: false });
  expect(await sent({ clientId: 'a-b.c_d', secret: secret('e-f.g_h'), authMethod: 'client_secret_basic' })).toEqual({
    basic: 'a-b.c_d:e-f.g_h',
    body: '',
  });
  expect((await sent({ clientId: 'https://a', secret: secret('b c+d%é'), authMethod: 'client_secret_basic' })).basic).toBe(
    'https%3A%2F%2Fa:b+c%2Bd%25%C3%A9',
  );
});

test('a secret of the operator is resolved when it is used; of a client without one only the id is sent', async () => {
  const secret = { text: 'reference', isReference: true };
  expect(await sent({ clientId: 'c', secret, authMethod: 'client_secret_post' })).toEqual({
    basic: undefined,
    body: 'client_id=c&client_secret=resolved+reference',
  });
  expect(await sent({ clientId: 'c', authMethod: 'none' })).toEqual({ basic: undefined, body: 'client_id=c' });
});
