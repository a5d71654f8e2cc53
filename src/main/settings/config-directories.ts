/** The directories in which a change can make a path lead to another file. */
import { lstat, readlink, stat } from 'node:fs/promises';
import { dirname, join, parse, resolve, sep } from 'node:path';

/** As many links as Linux follows. */
const MAX_LINKS = 40;

/**
 * The directory of the file and that of every link on the way to it, with what tells a directory from its successor of
 * the same name. The links of a Kubernetes volume (`file → ..data/file`, `..data → ..2026_11_27`) lie in the first one.
 */
export async function directoriesOf(path: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  let target = resolve(path);
  await add(found, dirname(target));
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const next = await firstLinkOf(target);
    if (next === undefined) break;
    await add(found, dirname(next.link));
    target = next.target;
  }
  await add(found, dirname(target));
  return found;
}

/** The first part of a path that is a link, and where the whole path leads once it is followed. */
async function firstLinkOf(path: string): Promise<{ readonly link: string; readonly target: string } | undefined> {
  const { root } = parse(path);
  const parts = path.slice(root.length).split(sep);
  let current = root;
  for (const [at, part] of parts.entries()) {
    const next = join(current, part);
    const to = await linkOf(next);
    if (to !== undefined) return { link: next, target: join(resolve(current, to), ...parts.slice(at + 1)) };
    current = next;
  }
  return undefined;
}

async function linkOf(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch {
    return undefined;
  }
}

async function add(found: Map<string, string>, directory: string): Promise<void> {
  try {
    const { dev, ino } = await stat(directory, { bigint: true });
    found.set(directory, `${dev}:${ino}`);
  } catch {
    // It is not there now; the next look will find it.
  }
}
