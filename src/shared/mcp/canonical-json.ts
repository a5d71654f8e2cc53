/** JSON with its keys in order, so that equal values have equal texts. */

/** RFC 8785 in what matters here: keys sorted by code unit, no spaces. Depth is bounded by what JSON.parse took. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(item => canonicalJson(item)).join(',')}]`;
  const fields = value as Record<string, unknown>;
  const keys = Object.keys(fields).filter(key => fields[key] !== undefined);
  return `{${keys
    .sort()
    .map(key => `${JSON.stringify(key)}:${canonicalJson(fields[key])}`)
    .join(',')}}`;
}
