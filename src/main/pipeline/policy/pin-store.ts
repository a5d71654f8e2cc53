/** Where pinned definitions outlive a restart: one JSON file, replaced as a whole. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Logger } from '../../ports.ts';
import { readPrivateFile, replacePrivateFile } from '../../support/private-file.ts';
import type { ToolDefinition } from './tool-definition.ts';

export interface PinnedTool {
  readonly pinned: ToolDefinition;
  /** The newest one that differs, until it is approved or taken back. */
  readonly changed?: ToolDefinition;
}

/** By upstream, then by tool. */
export type PinRecords = Readonly<Record<string, Readonly<Record<string, PinnedTool>>>>;

export interface PinStore {
  /** Throws STORE_FAILED when there are pins that cannot be read: without them every change would look like the first definition. */
  load(): PinRecords;
  /** Returns at once. */
  save(records: PinRecords): void;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

const VERSION = 1;

export function filePinStore(path: string, log: Logger): PinStore {
  let next: PinRecords | undefined;
  let writing: Promise<void> | undefined;
  /** What came while a version was written is written after it; versions in between are not missed by anybody. */
  const writeAll = async () => {
    while (next !== undefined) {
      const records = next;
      next = undefined;
      try {
        mkdirSync(dirname(path), { recursive: true });
        await replacePrivateFile(path, JSON.stringify({ version: VERSION, upstreams: records }));
      } catch (error) {
        log.error('Pinned tool definitions could not be written; after a restart they will be as they were before', {
          path,
          error: String(error),
        });
      }
    }
    writing = undefined;
  };
  return {
    load: () => readPins(path),
    save(records) {
      next = records;
      writing ??= writeAll();
    },
    close: async () => {
      await writing;
    },
  };
}

function readPins(path: string): PinRecords {
  try {
    const text = readPrivateFile(path);
    if (text === undefined) return {};
    const { version, upstreams } = JSON.parse(text) as { readonly version?: unknown; readonly upstreams?: unknown };
    if (version !== VERSION || typeof upstreams !== 'object' || upstreams === null) throw new Error('it is of another version');
    for (const tools of Object.values(upstreams as PinRecords))
      for (const { pinned, changed } of Object.values(tools))
        if (typeof pinned.digest !== 'string' || typeof pinned.members !== 'object' || typeof changed?.digest === 'number')
          throw new Error('a definition in it has no digest');
    return upstreams as PinRecords;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): TrafficError {
  return new TrafficError(
    'STORE_FAILED',
    `The pinned tool definitions in ${path} cannot be read; mend the file, or remove it to pin anew.`,
    { cause },
  );
}
