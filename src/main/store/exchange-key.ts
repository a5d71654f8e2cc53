/** `sessionId/seq`: how an exchange is named outside; inside the store it is (session key, seq of its first frame). */

/** Seq of the first frame; `undefined` when the id is not of this session or not of this form. */
export function firstSeqOf(exchangeId: string, sessionId: string): number | undefined {
  if (exchangeId.length <= sessionId.length || exchangeId[sessionId.length] !== '/' || !exchangeId.startsWith(sessionId)) return undefined;
  const seq = Number(exchangeId.slice(sessionId.length + 1));
  return Number.isSafeInteger(seq) && seq >= 0 ? seq : undefined;
}

/** Splits without knowing the session. */
export function splitExchangeId(exchangeId: string): { sessionId: string; firstSeq: number } | undefined {
  const slash = exchangeId.lastIndexOf('/');
  if (slash <= 0) return undefined;
  const sessionId = exchangeId.slice(0, slash);
  const firstSeq = firstSeqOf(exchangeId, sessionId);
  return firstSeq === undefined ? undefined : { sessionId, firstSeq };
}
