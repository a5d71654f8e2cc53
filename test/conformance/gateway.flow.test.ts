/**
 * The official conformance suite through a gateway: before an HTTP server every check ends as it does directly; before a stdio
 * server all but those that only an HTTP server can answer.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningGateway, startGateway } from '../gateway/kit/running-gateway.ts';
import { type ScratchHome, scratchHome } from '../peers/scratch-home.ts';
import { fixtureCommand, type ListeningServer, startFixtureServer } from '../peers/servers.ts';
import { allChecks, type RequirementSet, requirementSets, runSuite, type SuiteResult } from './compare.ts';

/** Of a server over stdio there is no event stream to poll and resume, and it is not asked for its revisions by a status. */
const otherOverStdio: Record<RequirementSet, RegExp> = {
  '2025-11-25': /^server-sse-(?:multiple-streams|polling) /,
  '2026-07-28': /^server-stateless sep-2575-(?:server-unsupported-version-error|http-server-unsupported-version-400) /,
};

let home: ScratchHome;
let directly: ListeningServer;
let behind: ListeningServer;
let gateway: RunningGateway;

beforeAll(async () => {
  home = await scratchHome();
  // A server of its own for each: two runs against one would meet each other's changes of the tool list.
  directly = await startFixtureServer(home.path);
  behind = await startFixtureServer(home.path);
  gateway = await startGateway({
    home: home.path,
    name: 'conformance',
    config: {
      version: 1,
      limits: [],
      listeners: [
        {
          name: 'main',
          port: 0,
          routes: [
            { path: '/mcp', upstream: 'http' },
            { path: '/stdio', upstream: 'stdio' },
          ],
        },
      ],
      upstreams: {
        http: { health: { kind: 'none' }, instances: [{ id: 'a', url: behind.url }] },
        stdio: { health: { kind: 'none' }, instances: [{ id: 'a', ...fixtureCommand() }] },
      },
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms' },
    },
  });
});
afterAll(async () => {
  for (const started of [gateway, directly, behind, home]) await started[Symbol.asyncDispose]();
});

/** How each check ended, without what belongs to one run. */
const endings = (result: SuiteResult) => allChecks(result).map(({ scenario, check }) => `${scenario} ${check.id} ${check.status}`);

describe.for(requirementSets)('for %s', requirements => {
  let direct: string[];
  let overHttp: string[];
  let overStdio: string[];

  beforeAll(async () => {
    const run = (url: string, name: string) =>
      runSuite({ url, requirements, outputDir: join(home.path, `${requirements}-${name}`), home: home.path }).then(endings);
    direct = await run(directly.url, 'direct');
    overHttp = await run(gateway.url('/mcp'), 'http');
    overStdio = await run(gateway.url('/stdio'), 'stdio');
  }, 180_000);

  test('every check before an HTTP server ends as it does directly', () => {
    expect(direct.length).toBeGreaterThan(80);
    expect(overHttp).toEqual(direct);
  });

  test('every check before a stdio server ends so, too, but for those that need an HTTP server', () => {
    const alike = (list: readonly string[]) => list.filter(text => !otherOverStdio[requirements].test(text));
    expect(alike(overStdio)).toEqual(alike(direct));
    expect(alike(direct).length).toBeGreaterThan(75);
  });
});
