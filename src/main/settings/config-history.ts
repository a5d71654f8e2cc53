/** The newest configurations that were in force, to be looked at, compared and brought back. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { writePrivateFile } from '../support/private-file.ts';
import { configHash } from './read-config.ts';
import { unifiedDiff } from '../../shared/text/text-diff.ts';
import { writeConfig } from './write-config.ts';

export const MAX_SNAPSHOTS = 10;

export interface ConfigSnapshot {
  /** SHA-256 of the text in hexadecimal. */
  readonly hash: string;
  /** When it came into force, epoch ms. */
  readonly at: number;
  /** Why: `start`, `file changed`, `edited in the window` … */
  readonly reason: string;
}

export interface ConfigHistory {
  /** Keeps a text that came into force; the same text twice in a row is kept once. The oldest beyond ten goes. */
  add(snapshot: { readonly text: string; readonly at: number; readonly reason: string }): ConfigSnapshot;
  /** Newest first. */
  list(): readonly ConfigSnapshot[];
  /** The text of a snapshot, by its hash or the beginning of it. Throws TrafficError NOT_FOUND. */
  read(hash: string): string;
  /** What `to` has differently from `from`, as a unified diff. */
  diff(from: string, to: string): string;
  /** Writes an old text back over a file that still has the expected hash (see `writeConfig`); applying it is up to whoever watches the file. */
  rollback(hash: string, file: { readonly path: string; readonly expectedHash: string | undefined }): { readonly hash: string };
}

/** The history in a directory of its own. Each snapshot is a file that is itself a configuration, with its facts in the first line. */
export function configHistory({ dir }: { readonly dir: string }): ConfigHistory {
  const self: ConfigHistory = {
    add({ text, at, reason }) {
      const all = entries(dir);
      const [newest] = all;
      const hash = configHash(text);
      if (newest?.hash === hash) return snapshotOf(newest);
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      // Names sort by age, whatever the clock of the machine does.
      const number = (newest?.number ?? 0) + 1;
      const snapshot = { hash, at, reason };
      writePrivateFile(join(dir, `${String(number).padStart(8, '0')}.yaml`), `${headOf(snapshot)}\n${text}`);
      for (const old of all.slice(MAX_SNAPSHOTS - 1)) rmSync(join(dir, old.file), { force: true });
      return snapshot;
    },
    list: () => entries(dir).map(snapshotOf),
    read: hash => bodyOf(found(dir, hash)),
    diff(from, to) {
      const [old, young] = [found(dir, from), found(dir, to)];
      return unifiedDiff(bodyOf(old), bodyOf(young), { from: nameOf(old), to: nameOf(young) });
    },
    rollback: (hash, { path, expectedHash }) => writeConfig(path, self.read(hash), expectedHash),
  };
  return self;
}

interface Entry extends ConfigSnapshot {
  readonly number: number;
  readonly file: string;
  readonly contents: string;
}

const snapshotOf = ({ hash, at, reason }: Entry): ConfigSnapshot => ({ hash, at, reason });
const bodyOf = ({ contents }: Entry): string => contents.slice(contents.indexOf('\n') + 1);
const nameOf = ({ hash, at }: Entry): string => `${hash.slice(0, 12)} ${new Date(at).toISOString()}`;

const HEAD = '# shadowcat snapshot ';
const headOf = (snapshot: ConfigSnapshot): string => `${HEAD}${JSON.stringify(snapshot)}`;

/** Newest first. A file that is damaged or not ours is left out: a history must never be in the way. */
function entries(dir: string): Entry[] {
  return filesOf(dir)
    .flatMap(file => {
      const [, number] = /^(\d{8,15})\.yaml$/.exec(file) ?? [];
      const entry = number === undefined ? undefined : readEntry(dir, file, Number(number));
      return entry ?? [];
    })
    .toSorted((a, b) => b.number - a.number);
}

function filesOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readEntry(dir: string, file: string, number: number): Entry | undefined {
  try {
    const contents = readFileSync(join(dir, file), 'utf8');
    const end = contents.indexOf('\n');
    if (!contents.startsWith(HEAD) || end === -1) return undefined;
    const { at, reason } = JSON.parse(contents.slice(HEAD.length, end)) as { at?: unknown; reason?: unknown };
    const isOurs = typeof at === 'number' && Number.isFinite(at) && typeof reason === 'string';
    // The hash is that of what is there, whatever the first line says.
    return isOurs ? { number, file, contents, at, reason, hash: configHash(contents.slice(end + 1)) } : undefined;
  } catch {
    return undefined;
  }
}

function found(dir: string, hash: string): Entry {
  const matching = entries(dir).filter(entry => hash !== '' && entry.hash.startsWith(hash));
  const [first] = matching;
  if (first === undefined) throw new TrafficError('NOT_FOUND', `No configuration ${hash} is kept.`);
  if (matching.some(entry => entry.hash !== first.hash))
    throw new TrafficError('NOT_FOUND', `More than one configuration begins with ${hash}.`);
  return first;
}
