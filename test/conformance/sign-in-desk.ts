/**
 * What the suite's auth scenarios judge: a gateway before each scenario's server, a person who signs in by browser whenever
 * the gateway says that somebody has to, and a plain client before the gateway. Whatever the scenario's servers see of OAuth is
 * the gateway's doing. One gateway serves all scenarios: each adds an upstream to its configuration, as an operator would.
 */
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Era, type Heard, httpCaller, outcomeOf } from '../gateway/kit/callers.ts';
import { type RunningGateway, startGateway } from '../gateway/kit/running-gateway.ts';
import { until } from '../gateway/kit/until.ts';
import { browse } from '../kit/oidc-scripted.ts';

/** What the suite hands to a client under test. */
export interface Errand {
  readonly serverUrl: string;
  readonly scenario: string;
  readonly revision: string;
  readonly context: { readonly client_id?: string; readonly client_secret?: string };
}

export interface Account {
  /** `served`, or what stood in the way. */
  readonly ending: string;
  readonly signInCount: number;
}

export interface SignInDesk extends AsyncDisposable {
  /** Where `sign-in-client.ts` brings its errands. */
  readonly url: string;
  /** By revision and scenario: `2026-07-28 auth/iss-supported`. */
  readonly accounts: ReadonlyMap<string, Account>;
}

/** For the sake of one scenario; whoever is asked a fourth time goes away. */
const maxSignIns = 3;
/** The document that the suite knows. Only one scenario's server reads it; the others are to see a registration. */
const clientDocument = 'https://conformance-test.local/client-metadata.json';

/** Runs the errands of `scenarios` and turns all others away at once. */
export async function signInDesk({ home, scenarios }: { home: string; scenarios: ReadonlySet<string> }): Promise<SignInDesk> {
  const gateway = await startGateway({ home, name: 'signing-in', config: configOf({}) });
  const upstreams: Record<string, object> = {};
  const accounts = new Map<string, Account>();
  let turn = Promise.resolve();
  let next: Promise<void> | undefined;

  /** Those that come while a change is on its way share the next one. */
  const addUpstream = (name: string, upstream: object) => {
    upstreams[name] = upstream;
    next ??= turn = turn.then(async () => {
      next = undefined;
      await changeConfig(gateway, configOf(upstreams));
    });
    return next;
  };
  const run = async (errand: Errand): Promise<Account> => {
    const { scenario, revision, serverUrl } = errand;
    if (!scenarios.has(scenario)) return { ending: 'not judged here', signInCount: 0 };
    const upstream = `u${accounts.size + 1}`;
    // Its place, until it is known how it ended.
    accounts.set(`${revision} ${scenario}`, { ending: 'under way', signInCount: 0 });
    const person = personAt(gateway, upstream);
    const ending = await addUpstream(upstream, {
      health: { kind: 'none' },
      instances: [{ id: 'a', url: serverUrl }],
      credentials: await credentialsOf(errand, join(home, `${upstream}.secret`)),
    })
      .then(() => converse(`${gateway.url('/idle').replace(/idle$/, upstream)}`, revision === '2026-07-28' ? 'modern' : 'legacy', person))
      .then(
        () => 'served',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
    const account = { ending, signInCount: person.signInCount() };
    accounts.set(`${revision} ${scenario}`, account);
    return account;
  };

  const server = createServer((request, response) => {
    void text(request)
      .then(body => run(JSON.parse(body) as Errand))
      .catch((error: unknown): Account => ({ ending: String(error), signInCount: 0 }))
      .then(account => response.end(JSON.stringify(account)));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    accounts,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

/** By its file, as an operator would; resolves when it is in force. */
async function changeConfig({ configPath, connection }: RunningGateway, config: object): Promise<void> {
  const hashInForce = async () => (await connection.call('gateway.status', {})).configHash;
  const before = await hashInForce();
  await writeFile(`${configPath}.new`, JSON.stringify(config));
  await rename(`${configPath}.new`, configPath);
  await until('the upstreams of the scenarios are in force', async () => (await hashInForce()) !== before);
}

function configOf(upstreams: Readonly<Record<string, object>>): object {
  const idle = { health: { kind: 'none' }, instances: [{ id: 'a', url: 'http://127.0.0.1:9/mcp' }] };
  const routes = ['idle', ...Object.keys(upstreams)].map(upstream => ({ path: `/${upstream}`, upstream }));
  return {
    version: 1,
    limits: [],
    listeners: [{ name: 'main', port: 0, routes }],
    upstreams: { idle, ...upstreams },
    admin: { port: 0 },
    shutdown: { readyDelay: '0ms' },
  };
}

async function credentialsOf({ scenario, serverUrl, context }: Errand, secretFile: string): Promise<object> {
  const { client_id: clientId, client_secret: secret } = context;
  if (secret !== undefined) await writeFile(secretFile, secret);
  const client = clientId === undefined ? {} : { clientId, ...(secret === undefined ? {} : { clientSecret: `\${file:${secretFile}}` }) };
  if (scenario === 'auth/client-credentials-basic')
    return { clientCredentials: { ...client, tokenUrl: await tokenUrlAt(new URL(serverUrl).origin) } };
  return { signIn: scenario === 'auth/basic-cimd' ? { clientIdDocument: clientDocument } : client };
}

/** Without a person nothing is looked for: the operator reads where the token endpoint is, and writes it down. */
async function tokenUrlAt(origin: string): Promise<string> {
  const read = async (url: string) => (await (await fetch(url)).json()) as Record<string, unknown>;
  const { authorization_servers: issuers } = await read(`${origin}/.well-known/oauth-protected-resource/mcp`);
  return (await read(`${String((issuers as string[])[0])}/.well-known/oauth-authorization-server`))['token_endpoint'] as string;
}

/** Lists the tools and calls one. Rejects when the person could not make that succeed. */
async function converse(url: string, era: Era, person: Person): Promise<void> {
  await using client = await person.helps(() => httpCaller(url, era));
  await person.helps(async () => succeeded(await client.ask('tools/list')));
  await person.helps(async () => succeeded(await client.call('test-tool')));
}

function succeeded(heard: Heard): Heard {
  if (outcomeOf(heard) !== 'ok' || heard.status !== 200) throw new Error(`${heard.status} ${JSON.stringify(heard.message)}`);
  return heard;
}

interface Person {
  /** Tries; signs in where the gateway says that somebody has to, and tries again. */
  helps<T>(attempt: () => Promise<T>): Promise<T>;
  signInCount(): number;
}

function personAt({ connection }: RunningGateway, upstream: string): Person {
  let count = 0;
  const signIn = async () => {
    count += 1;
    const { authorizationUrl } = await connection.call('signIn.begin', { upstream });
    await browse(authorizationUrl);
    const state = await until('the end of the sign-in', async () => {
      const now = await connection.call('signIn.state', { upstream });
      return now.kind === 'signing-in' ? undefined : now;
    });
    if (state.kind !== 'signed-in') throw new Error(state.problem ?? 'Nobody is signed in.');
  };
  return {
    async helps(attempt) {
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          const said = String(error);
          if (count === maxSignIns || !said.includes('UPSTREAM_AUTH') || said.includes('only its issuer can grant that')) throw error;
        }
        await signIn();
      }
    },
    signInCount: () => count,
  };
}
