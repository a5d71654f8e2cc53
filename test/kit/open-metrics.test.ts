/** The strict reader itself: a reader that takes anything proves nothing. */
import { expect, test } from 'vitest';
import { readOpenMetrics } from './open-metrics.ts';

const histogram = (lines: string) => `# TYPE h histogram\n${lines}# EOF\n`;

test('reads families with their samples', () => {
  const families = readOpenMetrics('# HELP c a \\n b\n# TYPE c counter\nc_total{x="a\\"b",y=""} 1\n# TYPE g gauge\ng -1.5e-3\n# EOF\n');
  expect(families.get('c')).toMatchObject({ help: 'a \n b', samples: [{ name: 'c_total', labels: { x: 'a"b', y: '' }, value: 1 }] });
  expect(families.get('g')?.samples[0]?.value).toBe(-0.0015);
});

test.each([
  ['no end', 'c_total 1\n'],
  ['text behind the end', '# EOF\n\n'],
  ['a counter without _total', '# TYPE c counter\nc 1\n# EOF\n'],
  ['a negative counter', '# TYPE c counter\nc_total -1\n# EOF\n'],
  ['a sample before its family', 'x 1\n# EOF\n'],
  ['a family in two places', '# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n# EOF\n'],
  ['a sample twice', '# TYPE a gauge\na{x="1",y="2"} 1\na{y="2",x="1"} 1\n# EOF\n'],
  ['a label twice', '# TYPE a gauge\na{x="1",x="2"} 1\n# EOF\n'],
  ['a comma too many', '# TYPE a gauge\na{x="1",} 1\n# EOF\n'],
  ['an unknown escape', '# TYPE a gauge\na{x="\\t"} 1\n# EOF\n'],
  ['an empty line', '# TYPE a gauge\n\na 1\n# EOF\n'],
  ['a bad number', '# TYPE a gauge\na 1_000\n# EOF\n'],
  ['a clash of names', '# TYPE a counter\na_total 1\n# TYPE a_total gauge\na_total{x="1"} 1\n# EOF\n'],
  ['no +Inf bucket', histogram('h_bucket{le="1"} 1\nh_sum 1\nh_count 1\n')],
  ['a falling bucket', histogram('h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n')],
  ['a count that is another', histogram('h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n')],
])('refuses %s', (_, text) => {
  expect(() => readOpenMetrics(text)).toThrow();
});
