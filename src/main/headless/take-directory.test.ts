/** Who becomes the host of a directory, and what the others are told. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contractVersion } from '../../shared/contract/wire.ts';
import { lockDirectory } from '../store/directory-lock.ts';
import { writeHostFile } from './host-file.ts';
import { takeDirectory } from './take-directory.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'shadowcat-take-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test('an unused directory is made and taken', async () => {
  const taken = await takeDirectory(join(parent, 'new', 'data'));
  expect(taken.kind).toBe('mine');
  if (taken.kind === 'mine') taken.lock.release();
});

test('a holder that is done soon is waited for', async () => {
  const holder = lockDirectory(parent);
  setTimeout(() => holder?.release(), 250);
  const taken = await takeDirectory(parent, 5_000);
  expect(taken.kind).toBe('mine');
  if (taken.kind === 'mine') taken.lock.release();
});

test('a holder that never talks is told as such, within the patience that was asked for', async () => {
  const holder = lockDirectory(parent);
  const startedAt = Date.now();
  expect(await takeDirectory(parent, 400)).toEqual({ kind: 'taken', message: expect.stringContaining(`Another process holds ${parent}`) });
  expect(Date.now() - startedAt).toBeLessThan(2_000);
  holder?.release();
});

test('a living host that speaks another contract is named instead of waited for', async () => {
  const holder = lockDirectory(parent);
  const file = { pid: process.pid, startedAt: 1, version: '9.0.0', contractVersion: 99, secret: 'x', apiUrl: 'ws://127.0.0.1:1/contract' };
  writeHostFile(parent, file);
  expect(await takeDirectory(parent, 5_000)).toMatchObject({
    kind: 'incompatible',
    message: expect.stringContaining('Stop it and start it again'),
  });
  holder?.release();
});

test('a living host that has no place left says so itself', async () => {
  const holder = lockDirectory(parent);
  const message = 'This host serves at most 72 clients at a time.';
  const server = createServer();
  server.on('upgrade', (_request, socket) => {
    socket.end(
      `HTTP/1.1 503 Refused\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${JSON.stringify({ code: 'CONFLICT', message })}`,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const apiUrl = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/contract`;
  writeHostFile(parent, { pid: process.pid, startedAt: 1, version: '1.0.0', contractVersion, secret: 'x', apiUrl });
  expect(await takeDirectory(parent, 400)).toEqual({ kind: 'taken', message: `The host of ${parent} refuses: ${message}` });
  server.close();
  holder?.release();
});
