/** Whether what a server sent can be handed on as a message at all. */
import { scanMessage } from './message-scan.ts';

/** Up to here it is parsed to know that it is JSON; longer ones are walked, which finds nearly all that is none. */
const MAX_PARSED_BYTES = 1024 * 1024;

/** A message or a batch: an object or a list, and well-formed. */
export function isJsonContainer(bytes: Buffer): boolean {
  const first = bytes.find(byte => byte !== 0x20 && byte !== 0x09);
  if (first !== 0x7b && first !== 0x5b) return false;
  if (bytes.length > MAX_PARSED_BYTES) return first === 0x5b || scanMessage(bytes) !== undefined;
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
