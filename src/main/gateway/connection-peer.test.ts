import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { peerOf } from './connection-peer.ts';

const socket = (members: object) => members as unknown as Socket;

test('an IPv4 address is one, also where the socket is for IPv6', () => {
  expect(peerOf(socket({ remoteAddress: '::ffff:127.0.0.1' }))).toMatchObject({ peerIp: '::ffff:127.0.0.1', ip: '127.0.0.1' });
});

test('a certificate is read once for all requests of its connection, and only where the handshake verified it', () => {
  let readCount = 0;
  const getPeerCertificate = () => {
    readCount += 1;
    return { subject: { CN: 'ci' }, fingerprint256: 'AA:BB' };
  };
  const verified = socket({ remoteAddress: '127.0.0.1', authorized: true, getPeerCertificate });
  expect([peerOf(verified), peerOf(verified)].map(({ certificate }) => certificate)).toEqual([
    { subject: 'ci', fingerprint: 'AA:BB' },
    { subject: 'ci', fingerprint: 'AA:BB' },
  ]);
  expect(readCount).toBe(1);
  expect(peerOf(socket({ remoteAddress: '127.0.0.1', authorized: false, getPeerCertificate })).certificate).toBeUndefined();
});

test('a connection that is gone already has no address, and is not taken for one without', () => {
  const members = { remoteAddress: undefined as string | undefined };
  const gone = socket(members);
  expect(peerOf(gone)).toMatchObject({ peerIp: '', ip: '' });
  members.remoteAddress = '127.0.0.1';
  expect(peerOf(gone).ip).toBe('127.0.0.1');
});
