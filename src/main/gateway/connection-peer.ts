/** Who is at the other end of a connection, as far as the connection itself says so. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { clientAddress, trustedProxies } from '../listeners/client-address.ts';
import type { GuardClient } from '../pipeline/guard.ts';

/** What a connection says of its other end. It stays the same for all its requests, and reading a certificate is dear. */
export interface Peer {
  readonly peerIp: string;
  /** Where no proxy stands before us. */
  readonly ip: string;
  readonly certificate: GuardClient['certificate'];
}

const nobody = trustedProxies([]);
const peers = new WeakMap<Socket, Peer>();

/** Looked up once for each connection. */
export function peerOf(socket: Socket): Peer {
  const known = peers.get(socket);
  if (known !== undefined) return known;
  const peerIp = socket.remoteAddress ?? '';
  const peer: Peer = { peerIp, ip: clientAddress(peerIp, [], nobody), certificate: certificateOf(socket) };
  // A connection that is gone has no address any more, and none to be remembered by.
  if (peerIp !== '') peers.set(socket, peer);
  return peer;
}

/** Only what the handshake verified: a certificate of an unknown authority is no identity. */
function certificateOf(socket: Socket): GuardClient['certificate'] {
  const secure = socket as Partial<TLSSocket>;
  if (secure.authorized !== true || secure.getPeerCertificate === undefined) return undefined;
  const { subject, fingerprint256 } = secure.getPeerCertificate();
  if (subject === undefined) return undefined;
  const { CN } = subject;
  return { subject: Array.isArray(CN) ? CN.join(',') : (CN ?? ''), fingerprint: fingerprint256 };
}
