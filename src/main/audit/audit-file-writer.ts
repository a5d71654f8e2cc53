/** The one file that is appended to. Whatever fails leaves whole lines behind, so that the same rows can be written again. */
import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CURRENT, fullFileName } from './audit-files.ts';

export class AuditFileWriter {
  readonly #dir: string;
  #handle: FileHandle | undefined;
  #sizeBytes = 0;
  /** A failed append may have left half a line. */
  #isTorn = false;

  constructor(dir: string) {
    this.#dir = dir;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Appends whole lines. After a failure the file is as it was before, or the next append makes it so. */
  async append(text: string): Promise<void> {
    const bytes = Buffer.from(text, 'utf8');
    const handle = await this.#opened();
    try {
      for (let from = 0; from < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, from);
        from += bytesWritten;
      }
      this.#sizeBytes += bytes.length;
    } catch (error) {
      this.#isTorn = true;
      await this.close().catch(() => undefined);
      throw error;
    }
  }

  /** Waits for the disk. `changed` and `gone` tell that somebody else wrote into the file, or moved or removed it; the next append opens what is there then. */
  async sync(): Promise<'ours' | 'changed' | 'gone'> {
    const handle = this.#handle;
    if (handle === undefined) return 'ours';
    await handle.datasync();
    const [own, named] = await Promise.all([handle.stat(), stat(join(this.#dir, CURRENT)).catch(() => undefined)]);
    const isSame = named?.ino === own.ino;
    if (isSame && own.size === this.#sizeBytes) return 'ours';
    await this.close();
    return named === undefined || named.size === 0 ? 'gone' : 'changed';
  }

  /** Closes the file and names it as a full one; the next append begins a new one. */
  async setFull(number: number): Promise<void> {
    await this.close();
    await rename(join(this.#dir, CURRENT), join(this.#dir, fullFileName(number)));
    this.#sizeBytes = 0;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #opened(): Promise<FileHandle> {
    if (this.#handle !== undefined) return this.#handle;
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const handle = await open(join(this.#dir, CURRENT), 'a', 0o600);
    try {
      if (this.#isTorn) await handle.truncate(this.#sizeBytes);
      this.#isTorn = false;
      this.#sizeBytes = (await handle.stat()).size;
    } catch (error) {
      await handle.close();
      throw error;
    }
    this.#handle = handle;
    return handle;
  }
}
