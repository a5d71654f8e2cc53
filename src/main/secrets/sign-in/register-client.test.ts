import { describe, expect, test } from 'vitest';
import type { OutboundFetch } from '../../support/outbound-fetch.ts';
import { registerClient } from './register-client.ts';
import type { SignInServer } from './server-metadata.ts';

const redirectUri = 'http://127.0.0.1:4711/callback';

/** Registers at a server that offers these methods and answers so; also gives the method that was asked for. */
async function registered(offered: readonly string[] | undefined, answer: object, status = 201) {
  const server = {
    issuer: 'https://idp.example',
    authorization_endpoint: 'https://idp.example/authorize',
    token_endpoint: 'https://idp.example/token',
    registration_endpoint: 'https://idp.example/register',
    ...(offered === undefined ? {} : { token_endpoint_auth_methods_supported: [...offered] }),
  } as SignInServer;
  let asked: Record<string, unknown> = {};
  const fetch: OutboundFetch = (_url, init) => {
    asked = JSON.parse(String(init?.body)) as Record<string, unknown>;
    return Promise.resolve(Response.json(answer, { status }));
  };
  const { client, secretExpiresAt } = await registerClient(server, { fetch, redirectUri });
  return { asked: asked['token_endpoint_auth_method'], as: client.authMethod, secret: client.secret?.text, secretExpiresAt };
}

describe('the method at the token endpoint', () => {
  test.each<[string, readonly string[] | undefined, object, object]>([
    ['none is asked for, and none it is', undefined, {}, { asked: 'none', as: 'none' }],
    ['none is asked for where it is one of several', ['client_secret_basic', 'none'], {}, { asked: 'none', as: 'none' }],
    [
      'a server that wants a secret is asked for one',
      ['client_secret_basic'],
      { client_secret: 's' },
      { asked: 'client_secret_basic', as: 'client_secret_basic' },
    ],
    [
      'in the body where it wants that',
      ['client_secret_post'],
      { client_secret: 's' },
      { asked: 'client_secret_post', as: 'client_secret_post' },
    ],
    [
      'what the answer says counts',
      undefined,
      { client_secret: 's', token_endpoint_auth_method: 'client_secret_post' },
      { asked: 'none', as: 'client_secret_post' },
    ],
    ['a secret that came unasked is used', undefined, { client_secret: 's' }, { asked: 'none', as: 'client_secret_basic', secret: 's' }],
    ['but not where the server takes none', ['none'], { client_secret: 's' }, { asked: 'none', as: 'none', secret: undefined }],
    [
      'nor where its answer says so',
      undefined,
      { client_secret: 's', token_endpoint_auth_method: 'none' },
      { as: 'none', secret: undefined },
    ],
  ])('%s', async (_name, offered, answer, expected) => {
    expect(await registered(offered, { client_id: 'c', ...answer })).toMatchObject(expected);
  });

  test('one that we do not know, and a secret that is missing, are refused', async () => {
    for (const method of ['private_key_jwt', 'client_secret_basic'])
      await expect(registered(undefined, { client_id: 'c', token_endpoint_auth_method: method })).rejects.toThrow('does not give');
  });
});

test('a secret is good for ever where the server says so, or does not say', async () => {
  const answer = { client_id: 'c', client_secret: 's' };
  expect((await registered(undefined, answer)).secretExpiresAt).toBe(undefined);
  expect((await registered(undefined, { ...answer, client_secret_expires_at: 0 })).secretExpiresAt).toBe(undefined);
  expect((await registered(undefined, { ...answer, client_secret_expires_at: 1_900_000_000 })).secretExpiresAt).toBe(1_900_000_000_000);
});

test('a refusal is told by its word, and nothing else of it', async () => {
  const told = async (answer: object, status: number) =>
    registered(undefined, answer, status).then(
      () => 'registered',
      (error: unknown) => String(error),
    );
  const no = 'SignInError: idp.example did not register a client';
  expect(await told({ error: 'invalid_redirect_uri', error_description: 'secret' }, 400)).toBe(`${no} (invalid_redirect_uri).`);
  expect(await told({ error: '<b>' }, 400)).toBe(`${no} (no usable answer).`);
  expect(await told({}, 201)).toBe(`${no} (its answer names no client).`);
  expect(await told({ client_id: 'c' }, 302)).toBe(`${no} (no usable answer).`);
  expect(await told({ client_id: 'c' }, 200)).toBe('registered');
});
