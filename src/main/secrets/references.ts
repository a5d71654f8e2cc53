/** Turns texts with secret references into what they stand for, when it is needed and never before. */
import { open } from 'node:fs/promises';
import { fillReferences, scanReferences, type SecretReference } from '../../shared/config/secret-references.ts';

/** Longest secret. */
export const MAX_SECRET_BYTES = 64 * 1024;
/** Values that are remembered for masking; beyond, the ones resolved longest ago are forgotten. */
const MAX_VALUES = 10_000;
/** Masking a shorter value would blot out half of every log. */
const SHORTEST_MASKED = 4;

/** A reference that cannot be resolved: says which one and what to do, never a value. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
  /** As it is written in the configuration. */
  readonly reference: string;

  constructor(reference: string, advice: string, options?: ErrorOptions) {
    super(`${reference} ${advice}`, options);
    this.reference = reference;
  }
}

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The first `maxBytes` of a file. */
  readonly readFile: (path: string, maxBytes: number) => Promise<Uint8Array>;
  /** Undefined for a name that is not kept there. */
  readonly vault: (name: string) => Promise<string | undefined>;
}

export interface SecretResolver {
  /** The text with every reference replaced by its value. Reads anew each time, so that a rotated file counts. Throws SecretError. */
  resolve(text: string): Promise<string>;
  /** What was resolved so far, for logs to mask by value. Values of fewer than 4 characters are left out. */
  secretValues(): ReadonlySet<string>;
}

/** Resolves references from these sources. */
export function secretResolver(sources: SecretSources): SecretResolver {
  const values = new Set<string>();
  return {
    async resolve(text) {
      const { found, bad } = scanReferences(text);
      const [first] = bad;
      if (first !== undefined) throw new SecretError(first.text, `is no reference. ${first.advice}`);
      const byText = new Map<string, string>();
      for (const reference of found) {
        if (byText.has(reference.text)) continue;
        const value = await valueOf(reference, sources);
        remember(values, value);
        byText.set(reference.text, value);
      }
      return fillReferences(text, reference => byText.get(reference.text) ?? '');
    },
    secretValues: () => values,
  };
}

/** Reads the beginning of a file, for `SecretSources`. */
export async function readFileUpTo(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(maxBytes);
    let length = 0;
    while (length < maxBytes) {
      const { bytesRead } = await file.read(bytes, length, maxBytes - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}

function remember(values: Set<string>, value: string): void {
  if (value.length < SHORTEST_MASKED) return;
  values.delete(value);
  values.add(value);
  for (const oldest of values) {
    if (values.size <= MAX_VALUES) return;
    values.delete(oldest);
  }
}

async function valueOf(reference: SecretReference, sources: SecretSources): Promise<string> {
  const value = await read(reference, sources);
  if (value === '') throw new SecretError(reference.text, `is empty. ${emptyAdvice[reference.kind]}`);
  if (Buffer.byteLength(value) > MAX_SECRET_BYTES)
    throw new SecretError(reference.text, `is longer than ${MAX_SECRET_BYTES / 1024} KiB; refer to the secret alone.`);
  return value;
}

const emptyAdvice = {
  env: 'Give the variable a value before the gateway starts.',
  file: 'Write the secret into the file.',
  vault: 'Keep the secret under this name again.',
} as const;

function read(reference: SecretReference, { env, vault, readFile }: SecretSources): string | Promise<string> {
  switch (reference.kind) {
    case 'env': {
      const value = Object.hasOwn(env, reference.name) ? env[reference.name] : undefined;
      if (value === undefined)
        throw new SecretError(reference.text, 'is not set. Set the variable in the environment that the gateway starts in.');
      return value;
    }
    case 'file':
      return readSecretFile(reference, readFile);
    case 'vault':
      return readVault(reference, vault);
  }
}

async function readSecretFile(reference: SecretReference, readFile: SecretSources['readFile']): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(reference.name, MAX_SECRET_BYTES + 2);
  } catch (cause) {
    throw new SecretError(reference.text, fileAdvice((cause as NodeJS.ErrnoException).code), { cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '');
  } catch {
    // No cause: its message might quote what was read.
    throw new SecretError(reference.text, 'is no UTF-8 text. Store the secret as text, such as base64.');
  }
}

function fileAdvice(code: string | undefined): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'names a file that is not there. Create it or correct the path.';
  if (code === 'EACCES' || code === 'EPERM') return 'names a file that the gateway may not read. Give its user the right to.';
  if (code === 'EISDIR') return 'names a directory. Name a file in it.';
  return `cannot be read (${code ?? 'unknown error'}). Check the file and the disk it is on.`;
}

async function readVault(reference: SecretReference, vault: SecretSources['vault']): Promise<string> {
  let value: string | undefined;
  try {
    value = await vault(reference.name);
  } catch (cause) {
    throw new SecretError(reference.text, 'cannot be read because the vault does not open. Check the key of the vault.', { cause });
  }
  if (value === undefined)
    throw new SecretError(reference.text, `is not in the vault. Keep it: shadowcat secret set ${reference.name}, or correct the name.`);
  return value;
}
