/** Reads the parameters of a Bearer challenge in `WWW-Authenticate` (RFC 9110, 11.6.1), among others in the same field. */

/** Parameters of the first Bearer challenge, names in lower case; undefined where there is none. */
export function bearerChallenge(field: string | null): ReadonlyMap<string, string> | undefined {
  if (field === null || field.length > 8192) return undefined;
  // A scheme is a word that no `=` follows; a parameter is a word, `=` and a token or a quoted string.
  const part = /([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+)))?/g;
  let found: Map<string, string> | undefined;
  for (const [, word = '', quoted, token] of field.matchAll(part)) {
    if (quoted === undefined && token === undefined) {
      if (found !== undefined) return found;
      if (word.toLowerCase() === 'bearer') found = new Map();
    } else if (found !== undefined && !found.has(word.toLowerCase()))
      found.set(word.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token ?? '');
  }
  return found;
}
