/**
 * The official suite's auth scenarios against the gateway that signs in to its upstreams: metadata wherever it may be, clients
 * of every kind, scopes, and authorization servers that are not who they say they are.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ScratchHome, scratchHome } from '../peers/scratch-home.ts';
import { runClientSuite } from './client-suite.ts';
import { type RequirementSet, requirementSets, type SuiteResult } from './compare.ts';
import { type SignInDesk, signInDesk } from './sign-in-desk.ts';

interface Expected {
  /** How it has to end: `served`, or what the gateway says of the server. */
  readonly ending: string;
  /** How often a person had to sign in. */
  readonly signInCount: number;
}

const served: Expected = { ending: 'served', signInCount: 1 };
const refused = (ending: string): Expected => ({ ending, signInCount: 1 });

/** For both revisions. */
const common: Readonly<Record<string, Expected>> = {
  'auth/metadata-default': served,
  'auth/metadata-var1': served,
  'auth/metadata-var2': served,
  'auth/metadata-var3': served,
  'auth/basic-cimd': served,
  'auth/pre-registration': served,
  'auth/scope-from-www-authenticate': served,
  'auth/scope-from-scopes-supported': served,
  'auth/scope-omitted-when-undefined': served,
  'auth/token-endpoint-auth-basic': served,
  'auth/token-endpoint-auth-post': served,
  'auth/token-endpoint-auth-none': served,
  'auth/scope-step-up': { ending: 'served', signInCount: 2 },
  // The server will not be content with any token, so nobody is sent to sign in a second time.
  'auth/scope-retry-limit': refused('only its issuer can grant that'),
  // Not scored.
  'auth/client-credentials-basic': { ending: 'served', signInCount: 0 },
};

const applying: Readonly<Record<RequirementSet, Readonly<Record<string, Expected>>>> = {
  '2025-11-25': common,
  '2026-07-28': {
    ...common,
    'auth/offline-access-scope': served,
    'auth/offline-access-not-supported': served,
    'auth/authorization-server-migration': { ending: 'served', signInCount: 2 },
    'auth/iss-supported': served,
    'auth/iss-not-advertised': served,
    'auth/iss-supported-missing': refused('response parameter "iss" (issuer) missing'),
    'auth/iss-wrong-issuer': refused('unexpected "iss" (issuer) response parameter value'),
    'auth/iss-unexpected': refused('unexpected "iss" (issuer) response parameter value'),
    'auth/iss-normalized': refused('unexpected "iss" (issuer) response parameter value'),
    'auth/metadata-issuer-mismatch': refused('is of another issuer'),
    'auth/resource-mismatch': refused('of another address than its own'),
  },
};

/** Extensions, never scored, that the gateway does not have. */
const notApplying: Readonly<Record<string, string>> = {
  'auth/client-credentials-jwt': 'The gateway authenticates at token endpoints by secret, not by a signed JWT.',
  'auth/wif-jwt-bearer': 'The gateway has no workload identity that it could show.',
  'auth/enterprise-managed-authorization':
    'ID-JAG: `tokenExchange` asks one token endpoint, not that of an enterprise and then that of the server.',
  'auth/dpop': 'DPoP is not supported; a token of that type is refused.',
  'auth/dpop-nonce': 'DPoP is not supported; a token of that type is refused.',
};

/** Of revision 2025-03-26, in no set of requirements: a server that is its own issuer, with metadata of the issuer and without any. */
const former: Readonly<Record<string, Expected>> = {
  'auth/2025-03-26-oauth-metadata-backcompat': served,
  // It would have to be believed without saying that it knows PKCE. Its checks fail, as they should.
  'auth/2025-03-26-oauth-endpoint-fallback': refused('publishes no metadata'),
};

let home: ScratchHome;
let desk: SignInDesk;
const found = new Map<string, SuiteResult>();

beforeAll(async () => {
  home = await scratchHome();
  const judged = [applying['2026-07-28'], former].flatMap(list => Object.keys(list));
  desk = await signInDesk({ home: home.path, scenarios: new Set(judged) });
  const client = join(import.meta.dirname, 'sign-in-client.ts');
  for (const name of [...requirementSets, 'backcompat']) {
    const which = name === 'backcompat' ? ['--suite', name] : ['--requirements', name];
    const outputDir = join(home.path, name);
    found.set(name, await runClientSuite({ which, client, env: { SIGN_IN_DESK: desk.url }, outputDir, home: home.path }));
  }
  // It is done in half a minute; this is for a machine that has other work.
}, 150_000);
afterAll(async () => {
  await desk[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const checksOf = (name: string, scenario: string) => found.get(name)?.get(scenario) ?? [];
/** A warning says that something recommended is not done; that counts here as well. */
const missedBy = (name: string, scenario: string) =>
  checksOf(name, scenario)
    .filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
    .map(({ id, errorMessage, description }) => `${id}: ${errorMessage ?? String(description)}`);

/** That a refusal is for the right reason, and what was served was served, the suite cannot see; the desk can. */
function expectEnding(revision: string, scenario: string, { ending, signInCount }: Expected): void {
  const account = desk.accounts.get(`${revision} ${scenario}`);
  expect(account).toEqual({ ending: ending === 'served' ? ending : (expect.stringContaining(ending) as string), signInCount });
}

describe.for(requirementSets)('for %s', requirements => {
  test.for(Object.entries(applying[requirements]))('%s', ([scenario, expected]) => {
    // First: it says what went wrong.
    expectEnding(requirements, scenario, expected);
    expect(missedBy(requirements, scenario)).toEqual([]);
    expect(checksOf(requirements, scenario).filter(({ status }) => status === 'SUCCESS').length).toBeGreaterThan(1);
  });

  test('no auth scenario is forgotten', () => {
    const run = [...(found.get(requirements)?.keys() ?? [])].filter(scenario => scenario.startsWith('auth/'));
    const known = [applying[requirements], notApplying].flatMap(list => Object.keys(list));
    expect(run.toSorted()).toEqual(known.toSorted());
  });
});

test.for(Object.entries(former))('%s, of a revision that is in no set', ([scenario, expected]) => {
  expect(missedBy('backcompat', scenario).length > 0).toBe(expected.ending !== 'served');
  expectEnding('2025-11-25', scenario, expected);
});
