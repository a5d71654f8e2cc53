/** Undoes gzip, br, deflate and zstd in recorded copies, which may be cut short. */
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';

/** 64 MiB: what a decoded body may become; more is not decoded, because it would be a bomb or of no use on a screen. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024;

const cut = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_DECODED_BYTES };

/** The decoded bytes; `undefined` when the encoding is unknown or the bytes do not follow it. */
export function decodeContent(bytes: Uint8Array, encoding: string): Uint8Array | undefined {
  let decoded = bytes;
  // Encodings are listed in the order of application.
  for (const name of encoding.toLowerCase().split(',').reverse()) {
    const step = decodeStep(decoded, name.trim());
    if (step === undefined) return undefined;
    decoded = step;
  }
  return decoded;
}

function decodeStep(bytes: Uint8Array, encoding: string): Uint8Array | undefined {
  try {
    switch (encoding) {
      case '':
      case 'identity':
        return bytes;
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(bytes, cut);
      case 'deflate':
        // RFC 9110 8.4.1.2 means zlib; some servers send raw deflate.
        return (bytes[0] ?? 0) % 16 === 8 ? inflateSync(bytes, cut) : inflateRawSync(bytes, cut);
      case 'br':
        return brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength: MAX_DECODED_BYTES });
      case 'zstd':
        return zstdDecompressSync(bytes, { maxOutputLength: MAX_DECODED_BYTES });
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}
