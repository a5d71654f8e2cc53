/**
 * `sessionId/seq`: how an exchange is named outside; inside the store it is (session key, number of its first frame).
 * A batch carries several exchanges in one frame: the first has the frame's own number, element i is `seq.i` outside and
 * `seq + i × 2^40` inside, so that one integer column orders and joins them all.
 */

const ELEMENT_STEP = 2 ** 40;
/** Elements of one batch that can be named with a safe integer; a longer batch has no rows beyond it. */
export const MAX_BATCH_ELEMENTS = 2 ** 13;

/** The inner number; `undefined` when the id is not of this session or not of this form. */
export function firstSeqOf(exchangeId: string, sessionId: string): number | undefined {
  if (exchangeId.length <= sessionId.length || exchangeId[sessionId.length] !== '/' || !exchangeId.startsWith(sessionId)) return undefined;
  const name = exchangeId.slice(sessionId.length + 1);
  const dot = name.indexOf('.');
  if (name === '') return undefined;
  const seq = Number(dot === -1 ? name : name.slice(0, dot));
  const element = dot === -1 ? 0 : Number(name.slice(dot + 1));
  if (!isIndex(seq, ELEMENT_STEP) || !isIndex(element, MAX_BATCH_ELEMENTS)) return undefined;
  return seq + element * ELEMENT_STEP;
}

/** The outer name of an inner number. */
export function exchangeIdOf(sessionId: string, firstSeq: number): string {
  const element = Math.floor(firstSeq / ELEMENT_STEP);
  return element === 0 ? `${sessionId}/${firstSeq}` : `${sessionId}/${firstSeq % ELEMENT_STEP}.${element}`;
}

/** Splits without knowing the session. */
export function splitExchangeId(exchangeId: string): { sessionId: string; firstSeq: number } | undefined {
  const slash = exchangeId.lastIndexOf('/');
  if (slash <= 0) return undefined;
  const sessionId = exchangeId.slice(0, slash);
  const firstSeq = firstSeqOf(exchangeId, sessionId);
  return firstSeq === undefined ? undefined : { sessionId, firstSeq };
}

function isIndex(value: number, limit: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < limit;
}
