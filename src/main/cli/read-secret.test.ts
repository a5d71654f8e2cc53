/** Secrets from a pipe and from a keyboard. */
import { PassThrough, Readable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { readSecret, type SecretInput } from './read-secret.ts';

const piped = (...chunks: (string | Uint8Array)[]): SecretInput => Readable.from(chunks.map(chunk => Buffer.from(chunk)));

function keyboard(...keys: readonly string[]) {
  const setRawMode = vi.fn<(isRaw: boolean) => void>();
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode });
  for (const key of keys) input.write(key);
  return { input, setRawMode };
}

test.each([
  ['a key', ['s3', 'cret'], 's3cret'],
  ['one newline at its end is cut', ['s3cret\n'], 's3cret'],
  ['one of Windows too', ['s3cret\r\n'], 's3cret'],
  ['but not two, and none within', ['-----BEGIN\nKEY\n\n'], '-----BEGIN\nKEY\n'],
  ['a character that came in two parts', [Buffer.of(0xc3), Buffer.of(0xa9)], 'é'],
])('from a pipe: %s', async (_what, chunks, secret) => {
  expect(await readSecret(piped(...chunks), () => expect.unreachable())).toBe(secret);
});

test.each([
  ['nothing', [''], 'No secret came'],
  ['a newline alone', ['\n'], 'No secret came'],
  ['bytes that are no text', [Buffer.of(0xff, 0x00)], 'no UTF-8 text'],
  ['more than the vault takes', ['x'.repeat(64 * 1024), 'x'], 'at most 64 KiB'],
])('not taken: %s', async (_what, chunks, problem) => {
  await expect(readSecret(piped(...chunks), () => {})).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(problem) as unknown,
  });
});

test('from a keyboard one line is read, unseen, with corrections', async () => {
  const { input, setRawMode } = keyboard('s3x', '\u007f', 'é', '\b', 'cret\r', 'rest');
  const ask = vi.fn<() => void>();
  expect(await readSecret(input, ask)).toBe('s3cret');
  expect(ask).toHaveBeenCalledOnce();
  expect(setRawMode.mock.calls).toEqual([[true], [false]]);
});

test('Ctrl-C at the keyboard keeps nothing, and gives the terminal back', async () => {
  const { input, setRawMode } = keyboard('s3c', '\u0003');
  await expect(readSecret(input, () => {})).rejects.toMatchObject({ exitCode: 1, message: 'Nothing was kept.' });
  expect(setRawMode).toHaveBeenLastCalledWith(false);
});
