/** `audit verify`: holds the files of the audit against their chain and against what the database kept. Needs no host and disturbs none. */
import { join } from 'node:path';
import { auditDirOf } from '../audit/audit-files.ts';
import { type AuditReport, verifyAudit } from '../audit/verify-audit.ts';
import { openAuditLedgerFile } from '../store/audit-reading.ts';
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { counted } from './formats.ts';
import { printable, type Screen } from './screen.ts';

export const auditVerify: Command = {
  usage: 'audit verify [--json]',
  help: `Walks all rows of the audit: each must be what its hash says and follow the one before, the files must be
the ones that were written, and the database must know the same rows up to the same end. Ends with 1 when anything
was changed, removed, cut or swapped. With --json: the report.`,
  flags: {},
  words: { min: 0, max: 0 },
  async run({ dataDir, isJson, screen }) {
    const ledger = openAuditLedgerFile(join(dataDir, 'traffic.db'));
    try {
      const report = await verifyAudit(auditDirOf(dataDir), ledger);
      const isWhole = report.problems.length === 0;
      if (isJson) await screen.write(`${JSON.stringify({ ok: isWhole, ...report })}\n`);
      else await print(screen, report);
      return isWhole ? exitCodes.ok : exitCodes.failed;
    } finally {
      ledger?.close();
    }
  },
};

async function print(screen: Screen, report: AuditReport): Promise<void> {
  const { problems, rowCount, fileCount, firstAt, lastAt, newest, hasDatabase, aheadCount, tornBytes } = report;
  for (const { text } of problems) await screen.write(`✗ ${printable(text)}\n`);
  const [first] = problems;
  if (first !== undefined) {
    const place = first.file === undefined ? '' : ` (${first.file}, line ${first.line ?? 0})`;
    await screen.write(`The audit is not what was written: it breaks first at row ${first.seq ?? '?'}${place}.\n`);
    return;
  }
  if (newest === undefined) return screen.write('There is no audit yet.\n');
  await screen.write(`✓ ${counted(rowCount, 'row')} in ${counted(fileCount, 'file')}, ${firstAt ?? ''} to ${lastAt ?? ''}\n`);
  await screen.write(`  newest: row ${newest.seq}, ${newest.hash}\n`);
  if (!hasDatabase) await screen.write('  ! The database knows no audit: a tail that was cut would not show.\n');
  if (aheadCount > 0) await screen.write(`  The database does not know the newest ${counted(aheadCount, 'row')} yet.\n`);
  if (tornBytes > 0)
    await screen.write(`  The last line has no end (${counted(tornBytes, 'byte')}): it is being written, or a crash tore it.\n`);
}
