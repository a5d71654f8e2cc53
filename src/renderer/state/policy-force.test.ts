/** Whether a file is in force: by its hash, and by nothing else. */
import { expect, test } from 'vitest';
import type { ConfigFile, GatewayStatus } from '../../shared/model/gateway-state.ts';
import { forceOf } from './policy-force.ts';

const file = { exists: true, hash: 'a' } as ConfigFile;
const status = (rest: object) => ({ configProblems: [], ...rest }) as unknown as GatewayStatus;

test('by hash', () => {
  expect(forceOf(file, status({ configHash: 'a', configuredAt: 7 }))).toEqual({ kind: 'in-force', since: 7 });
  expect(forceOf(file, status({ configHash: 'b', configProblems: ['wrong'] }))).toEqual({ kind: 'rejected', problems: ['wrong'] });
  expect(forceOf(file, status({ configHash: 'b' }))).toEqual({ kind: 'waiting' });
  expect(forceOf({ ...file, exists: false }, status({ configHash: 'a' }))).toEqual({ kind: 'none' });
  expect(forceOf(file, undefined)).toEqual({ kind: 'none' });
});
