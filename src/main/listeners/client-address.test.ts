/** The address that limits count by cannot be chosen by whoever sends the request. */
import { expect, test } from 'vitest';
import { clientAddress, trustedProxies } from './client-address.ts';

const trusted = trustedProxies(['10.0.0.0/8', 'fd00::/8', '192.0.2.7']);

test.each([
  ['an untrusted peer is itself, whatever it claims', '203.0.113.9', ['X-Forwarded-For', '1.2.3.4'], '203.0.113.9'],
  ['a trusted peer names the client', '10.1.1.1', ['X-Forwarded-For', '203.0.113.9'], '203.0.113.9'],
  [
    'the right-most untrusted hop counts, not what the client put before it',
    '10.1.1.1',
    ['X-Forwarded-For', '6.6.6.6, 203.0.113.9, 10.2.2.2'],
    '203.0.113.9',
  ],
  ['several fields are one list', '10.1.1.1', ['X-Forwarded-For', '6.6.6.6', 'x-forwarded-for', '203.0.113.9'], '203.0.113.9'],
  ['no address ends the search', '10.1.1.1', ['X-Forwarded-For', '6.6.6.6, unknown'], '10.1.1.1'],
  ['an IPv4 address in an IPv6 socket', '::ffff:10.1.1.1', ['X-Forwarded-For', '[2001:db8::1]:443'], '2001:db8::1'],
  ['ports are cut', 'fd00::1', ['X-Forwarded-For', '203.0.113.9:5000'], '203.0.113.9'],
  ['only trusted hops: the first of them', '192.0.2.7', ['X-Forwarded-For', '10.9.9.9'], '10.9.9.9'],
])('%s', (_, peer, fields, expected) => {
  expect(clientAddress(peer, fields, trusted)).toBe(expected);
});
