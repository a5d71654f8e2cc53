/** The JSON Schema of the configuration, for editors: completion, descriptions and checks while typing. */
import { z } from 'zod';
import { Config } from '../../shared/config/schema.ts';

/** As it is published in `resources/shadowcat.schema.json`. */
export function configJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(Config, { io: 'input', unrepresentable: 'throw', cycles: 'throw' });
  const titled = { $schema, title: 'Shadowcat configuration', ...schema };
  return `${JSON.stringify(titled, undefined, 2)}\n`;
}
