/** Reference servers that do real work on disk, wrapped. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { talkToFilesystem, talkToMemory } from './conversations.ts';
import { throughWrap } from './hops.ts';
import type { Peer, Target } from './peer.ts';
import { expectRecorded } from './recording.ts';
import { type ScratchHome, scratchHome } from './scratch-home.ts';
import { connectSdkV1 } from './sdk-v1-client.ts';
import { filesystemCommand, memoryCommand } from './servers.ts';

let scratch: ScratchHome;
beforeAll(async () => {
  scratch = await scratchHome();
});
afterAll(async () => {
  await scratch[Symbol.asyncDispose]();
});

async function hold(target: Target, talk: (peer: Peer) => Promise<unknown>) {
  const seen: Peer['seen'][] = [];
  const heard = await (async () => {
    // Its goodbye is part of what its transport carried, so it is closed before the list is read.
    await using peer = await connectSdkV1(target, {});
    seen.push(peer.seen);
    return await talk(peer);
  })();
  return { heard, seen: seen.flat() };
}

test('server-filesystem does its work through wrap as it does directly', async () => {
  const directDir = join(scratch.path, 'files-direct');
  const wrappedDir = join(scratch.path, 'files-wrapped');
  await Promise.all([mkdir(directDir), mkdir(wrappedDir)]);
  await using hop = throughWrap(filesystemCommand(wrappedDir), scratch.path);

  const direct = await hold({ kind: 'stdio', ...filesystemCommand(directDir) }, peer => talkToFilesystem(peer, directDir));
  const wrapped = await hold(hop.target, peer => talkToFilesystem(peer, wrappedDir));

  expect(withoutDir(wrapped.heard, wrappedDir)).toEqual(withoutDir(direct.heard, directDir));
  expect(await readFile(join(wrappedDir, 'note.txt'), 'utf8')).toBe('line 1\nline two: 世界\n');
  await expectRecorded(hop, { seen: wrapped.seen, transport: 'stdio' });
});

test('server-memory keeps its graph through wrap as it does directly, with its environment passed on', async () => {
  const files = { direct: join(scratch.path, 'graph-direct.jsonl'), wrapped: join(scratch.path, 'graph-wrapped.jsonl') };
  await using hop = throughWrap(memoryCommand(), scratch.path, { MEMORY_FILE_PATH: files.wrapped });

  const direct = await hold({ kind: 'stdio', ...memoryCommand(), env: { MEMORY_FILE_PATH: files.direct } }, talkToMemory);
  const wrapped = await hold(hop.target, talkToMemory);

  expect(wrapped.heard).toEqual(direct.heard);
  expect(await readFile(files.wrapped, 'utf8')).toBe(await readFile(files.direct, 'utf8'));
  await expectRecorded(hop, { seen: wrapped.seen, transport: 'stdio' });
});

function withoutDir(value: unknown, dir: string): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(dir, '<dir>'));
}
