/** Node's own CRC-32 where it has one; loaded when first needed, after the server was started. */
import { createRequire } from 'node:module';
import { crc32 as ownCrc32 } from '../../shared/shim/crc32.ts';
import type { Crc32 } from '../../shared/shim/message-coding.ts';

let found: Crc32 | undefined;

export const crc32: Crc32 = bytes => (found ??= find())(bytes);

function find(): Crc32 {
  const zlib = createRequire(import.meta.url)('node:zlib') as { crc32?: Crc32 };
  return zlib.crc32 ?? ownCrc32;
}
