/** What is remembered of one subject is never told of another. */
import { expect, test } from 'vitest';
import type { Matchable } from './match.ts';
import { RememberedMatch } from './remembered-match.ts';

const about = (over: Partial<Matchable> = {}): Matchable => ({
  method: 'tools/call',
  server: 'files',
  tool: 'read',
  prompt: '',
  resource: '',
  client: { name: 'probe' },
  ...over,
});

test('is looked for once for subjects that globs cannot tell apart', () => {
  let count = 0;
  const match = new RememberedMatch(subject => `${subject.tool} ${(count += 1)}`);
  expect([about(), about(), about({ tool: 'write' }), about()].map(subject => match.of(subject))).toEqual([
    'read 1',
    'read 1',
    'write 2',
    'read 1',
  ]);
});

test('differs where anything differs, also where the names run together', () => {
  const match = new RememberedMatch(subject => JSON.stringify(subject));
  const subjects = [
    about(),
    about({ method: 'tools/call read', tool: '' }),
    about({ tool: 'rea', prompt: 'd' }),
    about({ tool: '', prompt: 'read' }),
    about({ tool: '', resource: 'read' }),
    about({ server: 'other' }),
    about({ client: { name: '' } }),
    about({ tool: 'x'.repeat(1000) }),
  ];
  for (const subject of [...subjects, ...subjects.toReversed(), ...subjects]) expect(match.of(subject)).toBe(JSON.stringify(subject));
});

test('begins anew rather than grow: names come from clients', () => {
  const match = new RememberedMatch(subject => subject.tool);
  for (let at = 0; at < 5000; at += 1) expect(match.of(about({ tool: `t${at}` }))).toBe(`t${at}`);
});
