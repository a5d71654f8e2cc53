/** Writes a configuration in place: whole or not at all, where the file really lies, and only over what the writer has seen. */
import { readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { writePrivateFile } from '../support/private-file.ts';
import { configHash } from './read-config.ts';

/**
 * Replaces the file when its hash is still the expected one; `undefined` expects that there is none. Mode and owner stay,
 * and a symbolic link goes on to lead where it led. Throws TrafficError CONFLICT when somebody else changed the file,
 * STORE_FAILED when it cannot be written. Between the look and the replacing lie some microseconds that nothing guards.
 */
export function writeConfig(path: string, text: string, expectedHash: string | undefined): { readonly hash: string } {
  try {
    const target = targetOf(path);
    const found = contentsOf(target);
    const foundHash = found === undefined ? undefined : configHash(found);
    if (foundHash !== expectedHash) throw new TrafficError('CONFLICT', conflict(path, foundHash, expectedHash));
    // Without a file before: readable by its owner alone, since it may hold a literal secret.
    writePrivateFile(target, text, found === undefined ? undefined : statSync(target));
    return { hash: configHash(text) };
  } catch (cause) {
    if (cause instanceof TrafficError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TrafficError('STORE_FAILED', `The configuration could not be written: ${reason}.`, { cause });
  }
}

function conflict(path: string, found: string | undefined, expected: string | undefined): string {
  if (found === undefined) return `${path} is gone; it was removed meanwhile.`;
  if (expected === undefined) return `${path} is there already.`;
  return `${path} was changed meanwhile; read it again and repeat the change.`;
}

/** Where a link leads, also when nothing is there yet. */
function targetOf(path: string): string {
  let target = resolve(path);
  for (let links = 0; links < 40; links += 1) {
    try {
      return realpathSync(target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const next = linkOf(target);
    if (next === undefined) return target;
    target = resolve(dirname(target), next);
  }
  throw new Error(`${path} leads through too many links`);
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function contentsOf(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
