/** What a frame is in the words of a person, where it has no JSON-RPC method of its own. */
import type { FrameSummary, HttpHead } from '../../shared/model/frame.ts';
import { lifecycleWords } from '../../shared/shim/lifecycle-words.ts';

/** Requests without a message whose answer is still to come; the oldest is forgotten, and its answer then stands alone. */
const MAX_OPEN_HOPS = 1000;

/** Characters of a preview where no terminal sets the width. */
const MAX_PREVIEW_CHARACTERS = 120;

/** Names frames in the order of their session: an answer to a bare GET or DELETE repeats what it answers. */
export function frameNamer(): (frame: FrameSummary) => string {
  const bareRequests = new Map<string, string>();
  return ({ kind, method, http, delivery, hopId = '' }) => {
    if (kind !== 'http') return method ?? '';
    if (http === undefined) return delivery === 'event' ? 'event' : '';
    if (http.status === undefined) {
      const request = [http.method, http.path].filter(part => part !== undefined).join(' ');
      bareRequests.set(hopId, request);
      const [oldest] = bareRequests.keys();
      if (bareRequests.size > MAX_OPEN_HOPS && oldest !== undefined) bareRequests.delete(oldest);
      return request;
    }
    const request = bareRequests.get(hopId);
    bareRequests.delete(hopId);
    return [request, String(http.status), contentTypeOf(http)].filter(part => part !== undefined).join(' ');
  };
}

/** The preview, facts of the session as words; cut unless the edge of a terminal cuts it. */
export function previewOf({ kind, preview }: FrameSummary, isTerminal: boolean): string {
  const text = kind === 'lifecycle' ? lifecycleWords(preview) : preview;
  const characters = Array.from(text);
  return isTerminal || characters.length <= MAX_PREVIEW_CHARACTERS ? text : `${characters.slice(0, MAX_PREVIEW_CHARACTERS - 1).join('')}…`;
}

/** Media type without its parameters. */
function contentTypeOf({ headers }: HttpHead): string | undefined {
  const value = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  return value?.split(';')[0]?.trim();
}
