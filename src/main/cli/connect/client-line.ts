/** A line that the client wrote: the exact bytes, and what they say. */
import { factsOf, type MessageFacts } from '../../../shared/mcp/facts.ts';
import { readBody, type RpcMessage } from '../../../shared/mcp/json-rpc.ts';

export interface LineItem {
  readonly message: RpcMessage;
  readonly facts: MessageFacts;
}

export interface ClientLine {
  readonly bytes: Buffer;
  /** One message, or the elements of a batch (2025-03-26). */
  readonly items: readonly LineItem[];
  readonly isBatch: boolean;
}

/** Undefined when it is no JSON-RPC. */
export function readLine(bytes: Buffer): ClientLine | undefined {
  const read = readBody(bytes.toString('utf8'));
  if (read.kind === 'invalid') return undefined;
  const elements = read.kind === 'batch' ? read.items : [read];
  const items: LineItem[] = [];
  for (const element of elements) {
    if (element.kind !== 'message') return undefined;
    items.push({ message: element.message, facts: factsOf(element.message) });
  }
  return { bytes, items, isBatch: read.kind === 'batch' };
}

/** Whether a single message of this method. */
export function isMethod({ items }: ClientLine, method: string): boolean {
  const [first] = items;
  return items.length === 1 && first !== undefined && 'method' in first.message && first.message.method === method;
}
