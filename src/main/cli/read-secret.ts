/** Reads a secret from a pipe, or from a keyboard that shows nothing of it. Never from the command line, which others can read. */
import type { Readable } from 'node:stream';
import { CommandError, exitCodes } from './exit-codes.ts';

/** The longest that the vault takes. */
const MAX_BYTES = 64 * 1024;

/** Standard input, as far as it is needed here. */
export type SecretInput = Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };

/** One newline at the end is cut, as it is of a file. Ends the command where there is no secret, or none that can be kept. */
export async function readSecret(input: SecretInput, ask: () => void): Promise<string> {
  const isTyped = input.isTTY === true;
  if (isTyped) ask();
  const bytes = isTyped ? await typed(input) : await piped(input);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // No cause: its message might quote what was read.
    throw new CommandError(exitCodes.usage, 'What came is no UTF-8 text. Keep the secret as text, such as base64.');
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw new CommandError(exitCodes.usage, 'No secret came. Pipe it in, or type it and press Enter.');
  return secret;
}

async function piped(input: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as Uint8Array);
    length += bytes.length;
    if (length > MAX_BYTES) throw new CommandError(exitCodes.usage, `A secret has at most ${MAX_BYTES / 1024} KiB.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

const [ctrlC, ctrlD, backspace, enter, newline, erase] = [3, 4, 8, 13, 10, 127];

/** One line; the terminal does not show it. */
async function typed(input: SecretInput): Promise<Buffer> {
  input.setRawMode?.(true);
  try {
    const line: number[] = [];
    for await (const chunk of input.iterator({ destroyOnReturn: false })) {
      for (const byte of Buffer.from(chunk as Uint8Array)) {
        if (byte === ctrlC) throw new CommandError(exitCodes.failed, 'Nothing was kept.');
        if (byte === enter || byte === newline || byte === ctrlD) return Buffer.from(line);
        if (byte === backspace || byte === erase) dropCharacter(line);
        else if (line.push(byte) > MAX_BYTES) throw new CommandError(exitCodes.usage, `A secret has at most ${MAX_BYTES / 1024} KiB.`);
      }
    }
    return Buffer.from(line);
  } finally {
    input.setRawMode?.(false);
    input.pause();
  }
}

/** The last byte, and with it those that continue a character of UTF-8. */
function dropCharacter(line: number[]): void {
  while (((line.pop() ?? 0) & 0xc0) === 0x80);
}
