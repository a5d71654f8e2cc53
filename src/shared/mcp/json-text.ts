/** Places in a JSON text that JSON.parse has accepted: for what has to stay as it was written, because a double cannot hold it. */

/** Where the string that begins at `start` has its closing quote. */
export function endOfString(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '"') return at;
  }
  return source.length;
}

/** The texts of the elements of an array, in order. Bytes read as latin1 give the bytes of each, whatever they hold. */
export function arraySlices(text: string): string[] {
  const slices: string[] = [];
  let depth = 0;
  let from = 0;
  const end = (at: number) => {
    const slice = text.slice(from, at).trim();
    if (slice !== '') slices.push(slice);
    from = at + 1;
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at);
    else if (char === '[' || char === '{') {
      depth += 1;
      if (depth === 1) from = at + 1;
    } else if (char === ',' && depth === 1) end(at);
    else if (char === ']' || char === '}') {
      depth -= 1;
      if (depth === 0) end(at);
    }
  }
  return slices;
}
