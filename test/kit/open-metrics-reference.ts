/** The parser that the Prometheus project keeps beside the OpenMetrics specification, in Python, as a second opinion on our own reader. */
import { execFileSync } from 'node:child_process';
import { findReferenceParser } from '../../scripts/find-reference-parser.mjs';
import type { Sample } from './open-metrics.ts';

/** Python that has the parser; undefined where it is not installed. */
export const reference = findReferenceParser();

const program = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
print(json.dumps([{"name": s.name, "labels": s.labels, "value": s.value} for f in read(sys.stdin.read()) for s in f.samples]))
`;

/** Samples in their order, as the reference reads them. @throws where the text is not OpenMetrics 1.0. */
export function readByReference(text: string): Sample[] {
  if (reference === undefined) throw new Error('No Python with prometheus_client here');
  return JSON.parse(execFileSync(reference, ['-c', program], { input: text, encoding: 'utf8', timeout: 20_000 })) as Sample[];
}
