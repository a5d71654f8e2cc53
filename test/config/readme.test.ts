/** The configuration that the README shows is one that can be used. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expressionChecks } from '../../src/main/gateway/expression-checks.ts';
import { readConfig } from '../../src/main/settings/read-config.ts';

test('the example of the README reads without a problem', () => {
  const page = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const [, text = ''] = /```yaml\n([^]*?)```/.exec(page) ?? [];
  const read = readConfig(text.replace('sha256:…', `sha256:${'0'.repeat(64)}`), { checks: expressionChecks });
  expect(read.ok ? [] : read.problems).toEqual([]);
  expect(read.ok && read.config.policies.map(({ id }) => id)).toEqual(['readers', 'no-secrets']);
});
