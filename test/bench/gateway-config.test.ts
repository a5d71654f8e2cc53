import { expect, test } from 'vitest';
import { bridgingConfig, fiveTiers, guardedConfig, twentyPolicies } from '../../bench/hops/gateway-config.ts';
import { compilePolicies } from '../../src/main/pipeline/policy/compile-policies.ts';
import { problemText } from '../../src/main/settings/config-problem.ts';
import { readConfig } from '../../src/main/settings/read-config.ts';

const guarded = guardedConfig('http://127.0.0.1:1/mcp', { issuer: 'https://issuer.bench.example', jwksUri: 'http://127.0.0.1:2/jwks' });

function problemsOf(config: unknown): readonly string[] {
  const read = readConfig(JSON.stringify(config));
  if (!read.ok) return read.problems.map(problem => problemText(problem, 'text'));
  compilePolicies(read.config);
  return [];
}

test('the guarded configuration is valid and compiles, with as many policies and tiers as it claims', () => {
  expect(problemsOf(guarded)).toEqual([]);
  expect(twentyPolicies).toHaveLength(20);
  expect(twentyPolicies.filter(policy => 'when' in policy).length).toBeGreaterThanOrEqual(10);
  expect(fiveTiers.map(({ tier }) => tier)).toEqual(['global', 'ip', 'user', 'session', 'endpoint']);
});

test('the bridging configurations are valid', () => {
  expect(problemsOf(bridgingConfig({ command: 'node', args: ['server.ts'] }))).toEqual([]);
  expect(problemsOf(bridgingConfig({ url: 'http://127.0.0.1:1/mcp' }))).toEqual([]);
});
