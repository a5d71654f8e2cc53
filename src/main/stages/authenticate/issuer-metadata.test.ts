/** Whose keys are believed is decided by where the issuer says they are. */
import { expect, test } from 'vitest';
import { discoverJwksUri } from './issuer-metadata.ts';

const publishing = (issuer: string, jwksUri: string) => () => Promise.resolve(Response.json({ issuer, jwks_uri: jwksUri }));

test('keys at an address with plain http are not believed of an issuer that has https', async () => {
  const safe = 'https://idp.example';
  await expect(discoverJwksUri(safe, publishing(safe, 'http://idp.example/keys'))).rejects.toThrow('without https');
  await expect(discoverJwksUri(safe, publishing(safe, 'keys'))).rejects.toThrow('without https');
  expect(await discoverJwksUri(safe, publishing(safe, 'https://keys.example/jwks'))).toBe('https://keys.example/jwks');
  const local = 'http://127.0.0.1:9000';
  expect(await discoverJwksUri(local, publishing(local, 'http://127.0.0.1:9000/keys'))).toBe('http://127.0.0.1:9000/keys');
});
