/** Times of day, spans and ages as the window writes them. All are of fixed shape, so that columns line up. */

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** 14:02:07.214 */
export function clockTime(at: number): string {
  const millis = Math.floor(((at % 1000) + 1000) % 1000);
  return `${clock.format(at)}.${String(millis).padStart(3, '0')}`;
}

/** 22 Nov 2026, 14:02:07 */
export function dayAndTime(at: number): string {
  return `${day.format(at)}, ${clock.format(at)}`;
}

/** Today as a time, other days with their date: what a list of sessions needs. */
export function shortMoment(at: number, now: number): string {
  return day.format(at) === day.format(now) ? clock.format(at) : `${day.format(at)} ${clock.format(at).slice(0, 5)}`;
}

/** 4 ms, 640 ms, 3.12 s, 1:04 min, 2:05 h. Under a tenth of a millisecond it is 0.0 ms. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${pad(seconds % 60)} min`;
  return `${Math.floor(seconds / 3600)}:${pad(Math.floor((seconds % 3600) / 60))} h`;
}

/** A counter that runs in sight: tenths of seconds, then whole ones, never jumping in width more than it must. */
export function running(ms: number): string {
  if (ms < 0) return '0.0 s';
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  return duration(Math.floor(ms / 1000) * 1000);
}

/** +0.09, +1.2, +64: the step from the row before, in seconds. */
export function delta(ms: number): string {
  const sign = ms < 0 ? '−' : '+';
  const seconds = Math.abs(ms) / 1000;
  if (seconds < 10) return `${sign}${seconds.toFixed(3)}`;
  if (seconds < 1000) return `${sign}${seconds.toFixed(1)}`;
  return `${sign}${Math.round(seconds)}`;
}

/** 3 s ago, 5 min ago, 2 h ago, 4 d ago. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
