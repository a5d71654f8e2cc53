/** Changed tool definitions as a person reads them before approving one. */
import type { ToolChangeData } from '../../shared/model/gateway-desk.ts';
import { unifiedDiff } from '../settings/text-diff.ts';
import type { CallHost } from './call-host.ts';
import { localTime } from './formats.ts';
import { findUpstream } from './running-gateway.ts';
import { printable } from './screen.ts';

/** Of one upstream, or of all. Ends the command where the upstream is neither configured nor a wrapped server with changes. */
export async function toolChanges(call: CallHost, upstream: string | undefined): Promise<ToolChangeData[]> {
  const { changes } = await call('pin.changes', upstream === undefined ? {} : { upstream });
  if (upstream !== undefined && changes.length === 0) await findUpstream(call, upstream);
  return changes;
}

export const changeColumns = [
  { title: 'UPSTREAM' },
  { title: 'TOOL' },
  { title: 'STATE' },
  { title: 'CHANGED' },
  { title: 'WHAT' },
] as const;

export function changeCells({ upstream, tool, isBlocked, changedAt, members }: ToolChangeData): string[] {
  return [upstream, tool, isBlocked ? 'held' : 'passes', localTime(changedAt), members.map(({ member }) => member).join(', ')];
}

/** The whole change, line by line; what hides in a text is shown by its code. */
export function changeDiff(change: ToolChangeData): string {
  const { upstream, tool, isBlocked, pinnedAt, changedAt, members } = change;
  const head = `${upstream} ${tool}: ${isBlocked ? 'held' : 'passes'}; pinned ${localTime(pinnedAt)}, changed ${localTime(changedAt)}`;
  const parts = members.flatMap(({ member, before, after }) => {
    const names = { from: `${member}, pinned`, to: `${member}, now` };
    const diff = unifiedDiff(readable(before?.text), readable(after?.text), names);
    // Only the beginning of a long text is kept; the digests tell the rest apart.
    return diff === '' ? [`${member} differs further on than its text is kept.`] : diff.trimEnd().split('\n');
  });
  return [head, ...parts].map(line => `${printable(line)}\n`).join('');
}

/** Canonical JSON is one line: a text becomes its lines, anything else one line a key. What was cut stays as it is. */
function readable(text: string | undefined): string {
  if (text === undefined) return '';
  try {
    const value: unknown = JSON.parse(text);
    return `${typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)}\n`;
  } catch {
    return `${text}\n`;
  }
}
