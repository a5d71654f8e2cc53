/** Spans ahead, as a countdown says them. */

/** 12 s, 4:05 min, 2:05 h: whole seconds, rounded up, so that it is never "in 0 s" too early. */
export function spanWords(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${pad(seconds % 60)} min`;
  return `${Math.floor(seconds / 3600)}:${pad(Math.floor((seconds % 3600) / 60))} h`;
}

/** 2nd, 3rd, 11th */
export function ordinal(value: number): string {
  const teen = value % 100 >= 11 && value % 100 <= 13;
  const ending = teen ? 'th' : (({ 1: 'st', 2: 'nd', 3: 'rd' } as Readonly<Record<number, string>>)[value % 10] ?? 'th');
  return `${value}${ending}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
