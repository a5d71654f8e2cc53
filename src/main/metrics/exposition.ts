/** The text that a scraper gets: OpenMetrics, or the older format for those that know only that. */

export const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
export const PLAIN = 'text/plain; version=0.0.4; charset=utf-8';

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** `openMetrics` is given to whoever names it or names neither of the two; a browser would save it to disk, and gets the older one. */
export function expositionFor(accept: string | undefined, openMetrics: string): Exposition {
  const wishes = accept ?? '';
  const takesOpenMetrics = wishes.includes('application/openmetrics-text') || !/text\/(?:plain|html)/.test(wishes);
  return takesOpenMetrics ? { contentType: OPENMETRICS, text: openMetrics } : { contentType: PLAIN, text: plainText(openMetrics) };
}

/** The 0.0.4 format calls a counter by the name of its samples, and has no end mark. */
function plainText(openMetrics: string): string {
  const lines = openMetrics.split('\n');
  const counters = new Set(lines.flatMap(line => /^# TYPE (\S+) counter$/.exec(line)?.[1] ?? []));
  return lines
    .filter(line => line !== '# EOF')
    .map(line =>
      line.replace(/^# (HELP|TYPE) (\S+)/, (head, word: string, name: string) => (counters.has(name) ? `# ${word} ${name}_total` : head)),
    )
    .join('\n');
}
