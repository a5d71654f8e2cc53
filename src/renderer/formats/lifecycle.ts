/** A fact of a session in words: the recorder writes it as a small JSON object. */

/** `{"event":"exited","code":0,"signal":null}` reads `exited, code 0`. A text that is no such object stays as it is. */
export function lifecycleText(preview: string): string {
  let fact: unknown;
  try {
    fact = JSON.parse(preview);
  } catch {
    return preview;
  }
  if (typeof fact !== 'object' || fact === null || !('event' in fact)) return preview;
  const { event, ...rest } = fact;
  const parts = Object.entries(rest)
    .filter(([, value]) => value !== null && value !== '' && value !== false)
    .map(([name, value]) =>
      value === true ? words(name) : `${words(name)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
    );
  return [words(String(event)), ...parts].join(', ');
}

function words(name: string): string {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_]/g, ' ')
    .toLowerCase();
}
