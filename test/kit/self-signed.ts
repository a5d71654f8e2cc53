/** Certificates for tests, made on the spot: no key lies in the repository, and no tool is needed. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** Both PEM. */
export interface KeyAndCert {
  readonly key: string;
  readonly cert: string;
}

/** Whom a certificate is for. */
export interface CertificateWish {
  readonly commonName: string;
  /** DNS names; `*.example.org` is one. */
  readonly names?: readonly string[];
  /** IPv4. */
  readonly addresses?: readonly string[];
}

export interface CertificateAuthority {
  readonly cert: string;
  issue(wish: CertificateWish): KeyAndCert;
}

/** Key and certificate for one loopback address, valid for two days around now. */
export function selfSigned(address: string): KeyAndCert {
  const { publicKey, privateKey } = newKeys();
  const commonName = 'shadowcat test';
  return {
    key: pem(privateKey),
    cert: certificate({ commonName, addresses: [address] }, { publicKey, issuer: commonName, signer: privateKey, isAuthority: false }),
  };
}

/** An authority of its own, which nobody trusts unless told to. */
export function certificateAuthority(commonName: string): CertificateAuthority {
  const { publicKey, privateKey: signer } = newKeys();
  return {
    cert: certificate({ commonName }, { publicKey, issuer: commonName, signer, isAuthority: true }),
    issue(wish) {
      const own = newKeys();
      return {
        key: pem(own.privateKey),
        cert: certificate(wish, { publicKey: own.publicKey, issuer: commonName, signer, isAuthority: false }),
      };
    },
  };
}

interface Signing {
  readonly publicKey: KeyObject;
  /** Common name of who signs. */
  readonly issuer: string;
  readonly signer: KeyObject;
  readonly isAuthority: boolean;
}

const day = 86_400_000;

function certificate(
  { commonName, names = [], addresses = [] }: CertificateWish,
  { publicKey, issuer, signer, isAuthority }: Signing,
): string {
  const ecdsaSha256 = sequence(oid('2a8648ce3d040302'));
  const validity = sequence(utcTime(Date.now() - day), utcTime(Date.now() + day));
  const altNames = [
    ...names.map(name => tagged(0x82, Buffer.from(name))),
    ...addresses.map(address => tagged(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
  const extensions = [
    ...(isAuthority ? [sequence(oid('551d13'), yes, octets(sequence(yes)))] : []),
    ...(altNames.length === 0 ? [] : [sequence(oid('551d11'), octets(sequence(...altNames)))]),
  ];
  const body = sequence(
    tagged(0xa0, integer(Buffer.of(2))),
    // Positive, and another one each time.
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaSha256,
    nameOf(issuer),
    validity,
    nameOf(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [tagged(0xa3, sequence(...extensions))]),
  );
  const signature = sign('sha256', body, signer);
  const whole = sequence(body, ecdsaSha256, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
  const base64 = (whole.toString('base64').match(/.{1,64}/g) ?? []).join('\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}

function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const nameOf = (commonName: string): Buffer => sequence(set(sequence(oid('550403'), tagged(0x0c, Buffer.from(commonName)))));

/** ASN.1 DER: tag, length, value. */
function tagged(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const size = length < 0x80 ? Buffer.of(length) : length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag), size, value]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts));
const set = (...parts: readonly Buffer[]): Buffer => tagged(0x31, Buffer.concat(parts));
const oid = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'));
const octets = (value: Buffer): Buffer => tagged(0x04, value);
const integer = (value: Buffer): Buffer => tagged(0x02, value);
const yes = tagged(0x01, Buffer.of(0xff));

function utcTime(at: number): Buffer {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return tagged(0x17, Buffer.from(`${digits}Z`));
}
