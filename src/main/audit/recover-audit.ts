/** Finds where an audit ends, after whatever ended its last writer: an orderly close, a kill in the middle of a line, a full disk. */
import { open, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditRow } from '../../shared/model/audit.ts';
import { type ChainEnd, GENESIS, readLine } from './audit-chain.ts';
import { auditFiles, type AuditFile, CURRENT, fullFileName, TORN_PREFIX } from './audit-files.ts';

/** More than any row is long. */
const TAIL_BYTES = 256 * 1024;

export interface FoundEnd {
  /** The last whole row; `seq` 0 where there is none. */
  readonly end: ChainEnd;
  /** Number of the file that is written, or would be. */
  readonly fileNumber: number;
  /** Bytes of the current file, 0 when it has to be begun. */
  readonly sizeBytes: number;
  /** What had to be mended, in words for a row; undefined after an orderly end. */
  readonly mended: { readonly reason: string; readonly tornBytes: number; readonly keptAs: string } | undefined;
}

/** Sets a torn last line aside (it is kept, under another name) and returns where to go on. `stamp` names what is set aside. */
export async function recoverAudit(dir: string, stamp: string): Promise<FoundEnd> {
  const files = await auditFiles(dir);
  const current = files.find(({ name }) => name === CURRENT);
  const lastFull = files.findLast(({ number }) => number !== undefined);
  const before = lastFull === undefined ? undefined : await tailOf(lastFull);
  const lastNumber = lastFull?.number ?? 0;
  const endBefore = endOf(before) ?? { seq: 0, hash: GENESIS };
  if (current === undefined) return { end: endBefore, fileNumber: lastNumber + 1, sizeBytes: 0, mended: undefined };
  const tail = await tailOf(current);
  const mended = tail.torn.length === 0 ? undefined : await setAside(dir, tail, stamp);
  const end = endOf(tail);
  // Without one whole row the file was only just begun.
  return end === undefined && tail.wholeBytes > 0
    ? await replaced(dir, { endBefore, fileNumber: lastNumber + 1, stamp })
    : { end: end ?? endBefore, fileNumber: lastNumber + 1, sizeBytes: tail.wholeBytes, mended };
}

interface Tail {
  readonly lastRow: AuditRow | undefined;
  /** Up to and with the last line feed. */
  readonly wholeBytes: number;
  /** What stands behind it. */
  readonly torn: Buffer;
}

async function tailOf({ path }: AuditFile): Promise<Tail> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const bytes = buffer.subarray(0, bytesRead);
    const end = bytes.lastIndexOf(10) + 1;
    const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
    let lastRow: AuditRow | undefined;
    for (let at = lines.length - 1; at >= 0 && lastRow === undefined; at -= 1) lastRow = readLine(lines[at] ?? '')?.row;
    return { lastRow, wholeBytes: from + end, torn: bytes.subarray(end) };
  } finally {
    await file.close();
  }
}

/** A row whose hash is wrong is still the one to go on from: the check of the whole names it, and a second fault would hide it. */
function endOf(tail: Tail | undefined): ChainEnd | undefined {
  return tail?.lastRow === undefined ? undefined : { seq: tail.lastRow.seq, hash: tail.lastRow.hash };
}

async function setAside(dir: string, { torn, wholeBytes }: Tail, stamp: string): Promise<FoundEnd['mended']> {
  const keptAs = `${TORN_PREFIX}${stamp}.txt`;
  await writeFile(join(dir, keptAs), torn, { mode: 0o600 });
  await truncate(join(dir, CURRENT), wholeBytes);
  return { reason: 'the last line was torn by a crash and set aside', tornBytes: torn.length, keptAs };
}

/** A file with lines of which none is a row is no audit: it is kept aside, and the next begins. */
async function replaced(
  dir: string,
  { endBefore, fileNumber, stamp }: { endBefore: ChainEnd; fileNumber: number; stamp: string },
): Promise<FoundEnd> {
  const keptAs = `${TORN_PREFIX}${stamp}-${fullFileName(fileNumber)}`;
  await rename(join(dir, CURRENT), join(dir, keptAs));
  return { end: endBefore, fileNumber, sizeBytes: 0, mended: { reason: 'the file held no row and was set aside', tornBytes: 0, keptAs } };
}
