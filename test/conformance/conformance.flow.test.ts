/**
 * The official conformance suite, run directly and through the proxy against the same kind of server. A hop that
 * changes, delays, merges or drops anything the suite can see makes the two results differ.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ScratchHome, scratchHome } from '../peers/scratch-home.ts';
import { type ListeningServer, startEverything, startFixtureServer } from '../peers/servers.ts';
import { startProxy } from '../peers/shadowcat.ts';
import { allChecks, comparable, type RequirementSet, requirementSets, runSuite, type SuiteResult } from './compare.ts';

/**
 * What the pinned version of the suite runs, and what passes without a proxy. Fewer would mean that the comparison
 * compares less than it did.
 */
const smallest: Record<RequirementSet, { scenarios: number; fixture: Count; everything: Count }> = {
  '2025-11-25': { scenarios: 33, fixture: { checks: 91, passed: 84 }, everything: { checks: 76, passed: 47 } },
  '2026-07-28': { scenarios: 50, fixture: { checks: 196, passed: 164 }, everything: { checks: 167, passed: 11 } },
};

interface Count {
  readonly checks: number;
  readonly passed: number;
}

/**
 * The one thing the proxy answers itself: a foreign Host or Origin is refused before it reaches the server. The words
 * of the refusal are ours, and a server that does not refuse is protected all the same.
 */
const refusal = { scenario: 'dns-rebinding-protection', id: 'localhost-host-rebinding-rejected' };

let home: ScratchHome;
beforeAll(async () => {
  home = await scratchHome();
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

describe.for([
  {
    name: 'fixture' as const,
    start: (): Promise<ListeningServer> => startFixtureServer(home.path),
    // The tasks extension is optional, never scored, and not offered by the SDK our fixture is made of.
    notOffered: /^tasks-/,
  },
  {
    name: 'everything' as const,
    start: (): Promise<ListeningServer> => startEverything('streamableHttp', home.path),
    // A server of the legacy era that knows nothing of the suite: any scenario may ask for what it does not have.
    notOffered: /^/,
  },
])('the suite against $name', ({ name, start, notOffered }) => {
  describe.for(requirementSets)('for %s', requirements => {
    let direct: SuiteResult;
    let proxied: SuiteResult;

    beforeAll(async () => {
      [direct, proxied] = await Promise.all([runDirect(), runProxied()]);
    });

    async function runDirect(): Promise<SuiteResult> {
      await using server = await start();
      const outputDir = join(home.path, `${name}-${requirements}-direct`);
      return await runSuite({ url: server.url, requirements, outputDir, home: home.path });
    }

    // A server of its own: two runs against one would meet each other's changes of the tool list.
    async function runProxied(): Promise<SuiteResult> {
      await using server = await start();
      const dataDir = join(home.path, `${name}-${requirements}-data`);
      await using proxy = await startProxy({ url: server.url, dataDir, home: home.path });
      const outputDir = join(home.path, `${name}-${requirements}-proxied`);
      return await runSuite({ url: proxy.url, requirements, outputDir, home: home.path });
    }

    test('runs every scenario of the set', () => {
      expect(direct.size).toBeGreaterThanOrEqual(smallest[requirements].scenarios);
      expect(allChecks(direct).length).toBeGreaterThanOrEqual(smallest[requirements][name].checks);
    });

    test('passes without the proxy what the server offers', () => {
      const checks = allChecks(direct);
      const passed = checks.filter(({ check }) => check.status === 'SUCCESS');
      const missed = checks.filter(({ check }) => check.status === 'FAILURE' || check.status === 'WARNING');
      expect(passed.length).toBeGreaterThanOrEqual(smallest[requirements][name].passed);
      expect(missed.filter(({ scenario }) => !notOffered.test(scenario))).toEqual([]);
    });

    test('finds exactly the same through the proxy', () => {
      expect(comparable(without(proxied, refusal))).toEqual(comparable(without(direct, refusal)));
    });

    test('finds that the proxy refuses a foreign Host and Origin', () => {
      const check = proxied.get(refusal.scenario)?.find(({ id }) => id === refusal.id);
      expect(check).toMatchObject({ status: 'SUCCESS', details: { statusCode: 403 } });
    });
  });
});

function without(result: SuiteResult, left: { scenario: string; id: string }): SuiteResult {
  return new Map(
    [...result].map(([scenario, checks]) => [scenario, checks.filter(({ id }) => scenario !== left.scenario || id !== left.id)]),
  );
}
