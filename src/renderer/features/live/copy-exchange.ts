/** Copies what a row said: request and response, one per line, as recorded and masked. */
import type { TimelineRow } from '../../../shared/model/timeline.ts';
import type { HostClient } from '../../host/host-client.ts';
import { copyText } from '../../ui/copy-text.ts';

/** A clipboard is no place for more. */
const MAX_BYTES = 1024 * 1024;

/** Returns what to tell the person. */
export async function copyExchange(host: HostClient, row: TimelineRow): Promise<string> {
  const wanted =
    row.row === 'frame'
      ? [{ sessionId: row.frame.sessionId, seq: row.frame.seq }]
      : [row.exchange.requestSeq, row.exchange.responseSeq]
          .filter(seq => seq !== undefined && seq > 0)
          .map(seq => ({ sessionId: row.exchange.sessionId, seq: seq as number }));
  const bodies = await Promise.all(wanted.map(({ sessionId, seq }) => host.call('frame.body', { sessionId, seq, length: MAX_BYTES })));
  const isCut = bodies.some(body => body.storedBytes > MAX_BYTES);
  const isCopied = await copyText(bodies.map(body => body.text).join('\n'));
  if (!isCopied) return 'The browser did not allow copying.';
  const what = bodies.length > 1 ? 'Request and response copied' : 'Message copied';
  return isCut ? `${what}, each cut at 1 MB.` : `${what}.`;
}
