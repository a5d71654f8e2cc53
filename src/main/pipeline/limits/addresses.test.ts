/** Addresses as keys, and ranges of them. */
import { expect, test } from 'vitest';
import { addressKey, addressRange } from './addresses.ts';

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['::FFFF:0a01:0203', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8::6', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['unknown', 'unknown'],
])('%s counts as %s', (ip, key) => {
  expect(addressKey(ip)).toBe(key);
});

test.each([
  ['10.0.0.0/8', '10.9.9.9', true],
  ['10.0.0.0/8', '::ffff:10.9.9.9', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['192.0.2.7', '192.0.2.7', true],
  ['2001:db8::/32', '2001:db8:9::1', true],
  ['2001:db8::/32', '10.0.0.1', false],
  ['10.0.0.0/8', 'unknown', false],
])('%s has %s: %s', (range, ip, isIn) => {
  expect(addressRange(range)?.(ip)).toBe(isIn);
});

test.each(['10.0.0.0/33', '10.0.0', 'host', '10.0.0.0/8/8', '::/129', '10.0.0.0/x', ''])('%s is no range', text => {
  expect(addressRange(text)).toBeUndefined();
});
