/** Watches directories, whichever ones are wanted just now. Where one cannot be watched, nothing is told of it. */
import { type FSWatcher, watch } from 'node:fs';
import type { Logger } from '../ports.ts';

export class WatchedDirectories {
  readonly #log: Logger;
  readonly #onEvent: () => void;
  readonly #watchers = new Map<string, { readonly inode: string; readonly watcher: FSWatcher }>();

  /** `onEvent` is told that something in one of them may have changed. */
  constructor({ log, onEvent }: { readonly log: Logger; readonly onEvent: () => void }) {
    this.#log = log;
    this.#onEvent = onEvent;
  }

  /** By path, with their inodes: one that was replaced is watched anew, as its old watcher would watch what nobody sees. */
  follow(wanted: ReadonlyMap<string, string>): void {
    for (const [directory, { inode, watcher }] of this.#watchers) {
      if (wanted.get(directory) === inode) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const [directory, inode] of wanted) if (!this.#watchers.has(directory)) this.#watch(directory, inode);
  }

  close(): void {
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(directory: string, inode: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, this.#onEvent);
      watcher.on('error', () => {
        watcher.close();
        if (this.#watchers.get(directory)?.watcher === watcher) this.#watchers.delete(directory);
        this.#onEvent();
      });
      this.#watchers.set(directory, { inode, watcher });
    } catch (error) {
      this.#log.debug('A directory cannot be watched; it is looked at from time to time', { directory, error: String(error) });
    }
  }
}
