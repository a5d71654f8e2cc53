/** `host.json` and what a killed host leaves behind. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contractVersion } from '../../shared/contract/wire.ts';
import { findRunningHost } from './find-running-host.ts';
import { hostFilePath, readHostFile, removeHostFile, writeHostFile, type HostFile } from './host-file.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'shadowcat-host-file-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const aFile = (change: Partial<HostFile> = {}): HostFile => ({
  pid: process.pid,
  startedAt: 1,
  version: '0.1.0',
  contractVersion,
  secret: 'secret-one',
  // Port 1 is never listened on here: what a dead host leaves.
  apiUrl: 'ws://127.0.0.1:1/contract',
  hubPath: '/tmp/hub',
  ...change,
});

test('the file is private, whole, and read back as written', () => {
  writeHostFile(dataDir, aFile());
  expect(readHostFile(dataDir)).toEqual(aFile());
  expect(statSync(hostFilePath(dataDir)).mode & 0o777).toBe(0o600);
  expect(readdirSync(dataDir)).toEqual(['host.json']);
});

test('a stopping host removes its own file and leaves that of its successor', () => {
  writeHostFile(dataDir, aFile({ secret: 'successor' }));
  removeHostFile(dataDir, 'secret-one');
  expect(existsSync(hostFilePath(dataDir))).toBe(true);
  removeHostFile(dataDir, 'successor');
  expect(existsSync(hostFilePath(dataDir))).toBe(false);
  removeHostFile(dataDir, 'successor');
});

test('no file, half a file and a stale file are no host', async () => {
  expect(await findRunningHost(dataDir)).toEqual({ kind: 'none' });
  writeFileSync(hostFilePath(dataDir), '{"pid":1,');
  expect(await findRunningHost(dataDir)).toEqual({ kind: 'none' });
  writeHostFile(dataDir, aFile());
  expect(await findRunningHost(dataDir)).toEqual({ kind: 'none' });
});

test('a stranger that took the port of a dead host is not mistaken for it', async () => {
  const stranger = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  writeHostFile(dataDir, aFile({ apiUrl: `ws://127.0.0.1:${(stranger.address() as AddressInfo).port}/contract` }));
  expect(await findRunningHost(dataDir)).toEqual({ kind: 'none' });
  stranger.close();
});

test('something that accepts and never answers is given up on after a second', async () => {
  const silent = createServer();
  silent.on('upgrade', () => undefined);
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  writeHostFile(dataDir, aFile({ apiUrl: `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/contract` }));
  const startedAt = Date.now();
  expect(await findRunningHost(dataDir)).toEqual({ kind: 'none' });
  expect(Date.now() - startedAt).toBeLessThan(2_500);
  silent.closeAllConnections();
  silent.close();
});

test('a living host of another contract version is named, a dead one is not', async () => {
  writeHostFile(dataDir, aFile({ contractVersion: 99, version: '9.0.0' }));
  expect(await findRunningHost(dataDir)).toMatchObject({
    kind: 'incompatible',
    message: expect.stringMatching(/Shadowcat 9\.0\.0\) speaks contract 99, this program speaks 1/),
  });
  // The largest pid that Linux gives is 4194304.
  writeHostFile(dataDir, aFile({ contractVersion: 99, pid: 4_194_305 }));
  expect(await findRunningHost(dataDir)).toEqual({ kind: 'none' });
});
