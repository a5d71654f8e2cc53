/** Matches names against globs: `*` stands for any run of characters, everything else for itself. Linear time, whatever the pattern. */

export type NameMatch = (name: string) => boolean;

/** True for names that one of the globs matches. */
export function anyNameMatch(globs: readonly string[]): NameMatch {
  const exact = new Set(globs.filter(glob => !glob.includes('*')));
  const patterns = globs.filter(glob => glob.includes('*')).map(glob => glob.split('*'));
  return name => exact.has(name) || patterns.some(parts => matches(parts, name));
}

/** Parts between stars, in order: the first and the last are anchored, the others are taken as early as possible. */
function matches(parts: readonly string[], name: string): boolean {
  const first = parts[0] as string;
  const last = parts.at(-1) as string;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
