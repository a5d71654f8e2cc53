/** Changed tool definitions as a person reads them before approving one. */
import type { ToolChangeData } from '../../shared/model/gateway-desk.ts';
import { unifiedDiff } from '../../shared/text/text-diff.ts';
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
  { title: 'DIGEST' },
  { title: 'WHAT' },
] as const;

/** What a person copies from the table: `sha256:` and half the digits. A server cannot make another definition that begins so. */
const SHORT_DIGEST = 'sha256:'.length + 32;
const digestFlag = /^(?:sha256:)?[0-9a-f]{32,64}$/;

/** Whether the digest, or the beginning of it that the table shows, is that of the definition that waits. Undefined where it is none. */
export function isDigestOf(given: string, { digest }: ToolChangeData): boolean | undefined {
  return digestFlag.test(given) ? digest.startsWith(given.startsWith('sha256:') ? given : `sha256:${given}`) : undefined;
}

export function changeCells({ upstream, tool, isBlocked, changedAt, digest, members }: ToolChangeData): string[] {
  const what = members.map(({ member }) => member).join(', ');
  return [upstream, tool, isBlocked ? 'held' : 'passes', localTime(changedAt), digest.slice(0, SHORT_DIGEST), what];
}

/** The whole change, line by line; what hides in a text is shown by its code. */
export function changeDiff(change: ToolChangeData): string {
  const { upstream, tool, isBlocked, pinnedAt, changedAt, digest, members } = change;
  const head = `${upstream} ${tool}: ${isBlocked ? 'held' : 'passes'}; pinned ${localTime(pinnedAt)}, changed ${localTime(changedAt)}; now ${digest}`;
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
