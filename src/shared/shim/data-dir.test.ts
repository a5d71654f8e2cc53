import { expect, test } from 'vitest';
import { dataDirOf } from './data-dir.ts';
import { readHubAddress } from './host-file.ts';

test('host and shim find the same directory from the same home', () => {
  const wish = { named: undefined, env: {}, home: '/h' };
  expect(dataDirOf({ ...wish, platform: 'linux' })).toBe('/h/.local/share/shadowcat');
  expect(dataDirOf({ ...wish, platform: 'darwin' })).toBe('/h/Library/Application Support/Shadowcat');
  expect(dataDirOf({ ...wish, platform: 'win32', home: 'C:\\Users\\me' })).toBe('C:\\Users\\me\\AppData\\Roaming\\Shadowcat');
});

test('an argument goes before the environment, and an empty variable is none', () => {
  const wish = { env: { SHADOWCAT_DATA_DIR: '/e' }, home: '/h', platform: 'linux' };
  expect(dataDirOf({ ...wish, named: '/n' })).toBe('/n');
  expect(dataDirOf({ ...wish, named: undefined })).toBe('/e');
  expect(dataDirOf({ ...wish, named: undefined, env: { SHADOWCAT_DATA_DIR: '' } })).toBe('/h/.local/share/shadowcat');
});

test('a host file without a hub, half written or foreign, gives no address', () => {
  expect(readHubAddress('{"hubPath":"/s","secret":"x","pid":1}')).toEqual({ hubPath: '/s', secret: 'x' });
  for (const text of ['', '{"hubPath":"/s","sec', '{"secret":"x"}', '[]', 'null']) expect(readHubAddress(text)).toBeUndefined();
});
