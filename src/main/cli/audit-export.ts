/** `audit export`: rows of the audit as JSON Lines, oldest first, exactly as they stand in its files. */
import { auditDirOf } from '../audit/audit-files.ts';
import { exportAudit } from '../audit/query-audit.ts';
import { auditFilterFlags, auditFilterHelp, auditFilters } from './audit-filters.ts';
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';

export const auditExport: Command = {
  usage: 'audit export [--since T] [--kind K,K]',
  help: `Writes rows of the audit to stdout as JSON Lines, oldest first and byte for byte, so that the chain of a whole
export can be checked again (docs/observability.md).
${auditFilterHelp}`,
  flags: auditFilterFlags,
  words: { min: 0, max: 0 },
  async run({ flags, dataDir, screen }) {
    for await (const line of exportAudit(auditDirOf(dataDir), auditFilters(flags))) {
      await screen.write(line);
      if (screen.isClosed) break;
    }
    return exitCodes.ok;
  },
};
