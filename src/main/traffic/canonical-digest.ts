/** A digest that is the same for equal JSON values, whatever the order of their keys. */
import { hash } from 'node:crypto';
import { canonicalJson } from '../../shared/mcp/canonical-json.ts';

/** `sha256:` and the SHA-256 of the canonical JSON, in hexadecimal. */
export function canonicalDigest(value: unknown): string {
  return `sha256:${hash('sha256', canonicalJson(value), 'hex')}`;
}
