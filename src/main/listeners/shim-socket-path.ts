/** Where the hub listens: a socket in the data directory, or where that path is too long, in a private directory of the user's own. */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** sun_path holds 108 bytes on Linux and 104 on macOS, with the closing zero. */
const maxSocketPathBytes = 103;

export interface SocketPlace {
  readonly dataDir: string;
  readonly platform: NodeJS.Platform;
  readonly tempDir: string;
}

/** A path to listen on. Throws when the fallback directory is somebody else's. */
export function shimSocketPath({ dataDir, platform, tempDir }: SocketPlace): string {
  // Pipe names are visible to everybody on the machine, so this one cannot be guessed.
  if (platform === 'win32') return `\\\\.\\pipe\\shadowcat-${randomBytes(16).toString('hex')}`;
  const near = join(dataDir, 'hub.sock');
  if (Buffer.byteLength(near) <= maxSocketPathBytes) return near;
  // The same directory at every start, so that hosts that were killed leave one behind, not many.
  const dir = join(tempDir, `shadowcat-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const facts = lstatSync(dir);
  if (!facts.isDirectory() || facts.uid !== process.getuid?.() || (facts.mode & 0o077) !== 0)
    throw new Error(`${dir} is not a private directory of this user`);
  return join(dir, 'hub.sock');
}
