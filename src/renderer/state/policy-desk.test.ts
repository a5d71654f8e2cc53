/** The desk: one draft under form and text, saved over the file that it was made from and no other. */
import { expect, test, vi } from 'vitest';
import type { ConfigEdit } from '../../shared/contract/calls.ts';
import { HostError, type HostClient } from '../host/host-client.ts';
import { PolicyDesk } from './policy-desk.ts';

/** A host whose "YAML" is one policy per line: `id effect`. Edits know whole policies, effects and removals. */
function hostOf(start: string) {
  const disk = { text: start, problem: undefined as string | undefined, isAway: false };
  const hashOf = (text: string) => `#${text}`;
  const file = () => ({ path: '/d/s.yaml', text: disk.text, hash: hashOf(disk.text), exists: true, problems: [], warnings: [] });
  const write = (text: string, expectedHash: string) => {
    if (expectedHash !== hashOf(disk.text)) throw new HostError('CONFLICT', 'changed meanwhile');
    if (disk.problem !== undefined) throw new HostError('BAD_CALL', disk.problem);
    disk.text = text;
    return file();
  };
  const call = async (name: string, input: object): Promise<unknown> => {
    await new Promise(resolve => setTimeout(resolve, 5));
    if (disk.isAway) throw new Error('away');
    const { text = '', edits = [], expectedHash = '' } = input as { text?: string; edits?: ConfigEdit[]; expectedHash?: string };
    if (name === 'config.read') return file();
    if (name === 'config.write') return write(text, expectedHash);
    if (name === 'config.edit') return write(edited(disk.text, edits), expectedHash);
    const now = edited(text, edits);
    return { text: now, problems: [], warnings: [], isReadable: true, policies: policiesOf(now), servers: [] };
  };
  const client = { state: { kind: 'connected' }, onState: () => () => {}, follow: () => () => {}, call } as unknown as HostClient;
  return { client, disk };
}

function policiesOf(text: string) {
  return text.split('\n').flatMap((line, at) => {
    const [id = '', effect = ''] = line.split(' ');
    return line === '' ? [] : [{ id, effect, mode: 'enforce', match: {}, line: at + 1, endLine: at + 1 }];
  });
}

function edited(text: string, edits: readonly ConfigEdit[]): string {
  const lines = text.split('\n').filter(line => line !== '');
  for (const { path, value, remove } of edits) {
    const at = path[1] as number;
    if (remove === true && path.length > 1) lines.splice(at, 1);
    else if (path.length === 2) lines[at] = `${(value as { id: string }).id} ${(value as { effect: string }).effect}`;
    else if (path.length === 3) lines[at] = `${lines[at]?.split(' ')[0]} ${String(value)}`;
  }
  return lines.join('\n');
}

async function deskOf(text: string) {
  const host = hostOf(text);
  const desk = new PolicyDesk(host.client);
  await desk.refresh();
  return { desk, disk: host.disk };
}

test('a value of the form changes the text, and text that is written changes the form', async () => {
  const { desk, disk } = await deskOf('a deny\nb allow');
  desk.select(1);
  await desk.edit([{ path: ['policies', 1, 'effect'], value: 'log' }]);
  expect(desk.text).toBe('a deny\nb log');
  desk.setText('first deny\na deny\nb log');
  await vi.waitFor(() => expect(desk.state()).toMatchObject({ isReading: false, selected: { index: 2, id: 'b' } }));
  expect(disk.text).toBe('a deny\nb allow');
});

test('edits that meet typing are made in what was typed', async () => {
  const { desk } = await deskOf('a deny');
  const made = desk.edit([{ path: ['policies', 0, 'effect'], value: 'log' }]);
  desk.setText('a deny\nb allow');
  await made;
  expect(desk.text).toBe('a log\nb allow');
  expect(desk.state().pending).toEqual([]);
});

test('text as the file has it is no draft', async () => {
  const { desk } = await deskOf('a deny');
  desk.setText('a den');
  expect(desk.state().draft).toBeDefined();
  desk.setText('a deny');
  expect(desk.state().draft).toBeUndefined();
});

test('a draft is saved over its own file', async () => {
  const { desk, disk } = await deskOf('a deny');
  await desk.add({ id: 'a', effect: 'log' });
  expect(desk.state().selected).toEqual({ index: 1, id: 'a-2' });
  expect(await desk.save()).toBe(true);
  expect(disk.text).toBe('a deny\na-2 log');
  expect(desk.state()).toMatchObject({ draft: undefined, file: { text: 'a deny\na-2 log' }, isSaving: false });
});

test('a file that somebody else changed is a conflict in which nothing is lost', async () => {
  const { desk, disk } = await deskOf('a deny');
  desk.setText('mine deny');
  disk.text = 'theirs deny';
  expect(await desk.save()).toBe(false);
  expect(desk.isConflict).toBe(true);
  expect(desk.text).toBe('mine deny');
  desk.keepDraft();
  expect(desk.isConflict).toBe(false);
  expect(await desk.save()).toBe(true);
  expect(disk.text).toBe('mine deny');
});

test('what the host does not take stays a draft, with the reason', async () => {
  const { desk, disk } = await deskOf('a deny');
  disk.problem = 'port taken';
  desk.setText('b deny');
  expect(await desk.save()).toBe(false);
  expect(desk.state()).toMatchObject({ refusal: 'port taken', draft: { text: 'b deny' } });
  expect(desk.isConflict).toBe(false);
});

test('a switch on a card changes the file at once, and the draft beside it', async () => {
  const { desk, disk } = await deskOf('a deny\nb deny');
  desk.setText('new log\nb deny');
  await vi.waitFor(() => expect(desk.state().isReading).toBe(false));
  expect(await desk.change({ kind: 'policy', id: 'b', key: 'mode', value: 'off' }, 'switch')).toBe(true);
  expect(disk.text).toBe('a deny\nb off');
  expect(desk.text).toBe('new log\nb off');
  expect(desk.isConflict).toBe(false);
  expect(await desk.change({ kind: 'remove', id: 'a' }, 'removed')).toBe(true);
  expect([disk.text, desk.text]).toEqual(['b off', 'new log\nb off']);
});

test('a draft that was thrown away comes back', async () => {
  const { desk } = await deskOf('a deny');
  desk.setText('b deny');
  const draft = desk.discard();
  expect(desk.text).toBe('a deny');
  if (draft !== undefined) desk.restore(draft);
  expect(desk.text).toBe('b deny');
});

test('edits that come one after the other without waiting are all made', async () => {
  const { desk } = await deskOf('a deny\nb deny');
  const edits = ['allow', 'log', 'require'].map(async (value, at) => {
    await Promise.all(Array.from({ length: at * 3 }, () => Promise.resolve()));
    await desk.edit([{ path: ['policies', at % 2, 'effect'], value }]);
  });
  await Promise.all(edits);
  expect(desk.text).toBe('a require\nb log');
  expect(desk.state()).toMatchObject({ pending: [], isReading: false });
});

test('what was typed while the host was away is read when it is back', async () => {
  const { desk, disk } = await deskOf('a deny');
  disk.isAway = true;
  await expect(desk.edit([{ path: ['policies', 0, 'effect'], value: 'log' }])).rejects.toThrow('away');
  disk.isAway = false;
  await desk.refresh();
  expect(desk.text).toBe('a log');
});
