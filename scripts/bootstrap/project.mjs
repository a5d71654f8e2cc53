/** Where things are in this clone, and the small stamp files that remember what set-up has already done. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Absolute path of something in the project. */
export const inProject = (...parts) => join(root, ...parts);

// Stamps live under node_modules on purpose: a new install forgets them all.
const stampFolder = inProject('node_modules', '.cache', 'shadowcat');

/** What `writeStamp` last noted under this name, or undefined. A damaged stamp counts as none. */
export function readStamp(name) {
  try {
    return JSON.parse(readFileSync(join(stampFolder, `${name}.json`), 'utf8'));
  } catch {
    return undefined;
  }
}

export function writeStamp(name, value) {
  mkdirSync(stampFolder, { recursive: true });
  writeFileSync(join(stampFolder, `${name}.json`), JSON.stringify(value));
}

/** One hash over the names and contents of these files and folders; missing ones count as empty. */
export function hashOf(paths, accept = () => true) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(filesUnder).filter(accept)) {
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

/** Every file below a path, in a stable order. */
export function filesUnder(path) {
  if (!existsSync(path)) return [];
  const found = [];
  const visit = entry => {
    for (const child of readdirSync(entry, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = join(entry, child.name);
      if (child.isDirectory()) visit(full);
      else found.push(full);
    }
  };
  try {
    visit(path);
  } catch (error) {
    if (error.code !== 'ENOTDIR') throw error;
    found.push(path);
  }
  return found;
}
