/** Values as YAML, for people to take over. */
import { stringify } from 'yaml';

export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}
