/** AES-256-GCM with a random 96-bit nonce, as bytes: version, nonce, ciphertext, tag. What is sealed for one purpose does not open for another. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const KEY_BYTES = 32;

/** Bytes that sealing adds. */
export const SEAL_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

export function sealBytes(key: Buffer, purpose: string, plain: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(purpose));
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined for what was sealed with another key or for another purpose, and for whatever was changed since. */
export function openBytes(key: Buffer, purpose: string, sealed: Buffer): Buffer | undefined {
  if (sealed.length < SEAL_BYTES || sealed[0] !== VERSION) return undefined;
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const tag = sealed.subarray(sealed.length - TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(purpose));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE_BYTES, sealed.length - TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** A 32-byte key from base64 (either alphabet). Throws a sentence that names `what` and never the text. */
export function readKey(text: string, what: string): Buffer {
  const trimmed = text.trim();
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(trimmed);
  const key = Buffer.from(trimmed, 'base64');
  if (!isBase64 || key.length !== KEY_BYTES)
    throw new Error(`${what} is no key: write ${KEY_BYTES} random bytes in base64 (openssl rand -base64 ${KEY_BYTES}).`);
  return key;
}
