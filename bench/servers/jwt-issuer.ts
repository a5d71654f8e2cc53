/** An issuer of tokens reduced to its keys: serves them, and prints one token for the audience in its first argument. */
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { announce } from './announce.ts';

const issuer = 'https://issuer.bench.example';
const alg = 'ES256';
const { publicKey, privateKey } = await generateKeyPair(alg);
const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg, use: 'sig' }] });
const token = await new SignJWT({ scope: 'mcp', roles: ['reader'], client_id: 'bench' })
  .setProtectedHeader({ alg, kid: 'bench', typ: 'at+jwt' })
  .setIssuer(issuer)
  .setSubject('bench-user')
  .setAudience(process.argv[2] ?? '')
  .setIssuedAt()
  .setExpirationTime('2h')
  .sign(privateKey);

announce(
  createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(keys) }).end(keys);
  }),
  '/jwks',
  { issuer, token },
);
