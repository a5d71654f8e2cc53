/** Every text of a configuration with its path and what the schema says of it. */
import type { TextTrait } from '../../shared/config/atoms.ts';
import { isSecretName } from '../../shared/redaction/mask-text.ts';
import type { ConfigPath } from './config-problem.ts';
import { childOf, isRecord, rootSchema, type Schema, shapeOf, stepInto } from './config-shape.ts';

export interface ConfigText {
  readonly path: ConfigPath;
  readonly text: string;
  /** Undefined: an ordinary text, in which nothing is resolved. */
  readonly trait: TextTrait | undefined;
}

export function* everyText(value: unknown, schemas: readonly Schema[] = [rootSchema], path: ConfigPath = []): Generator<ConfigText> {
  if (typeof value === 'string') {
    yield { path, text: value, trait: traitOf(schemas) };
    return;
  }
  const parts: readonly (string | number)[] = Array.isArray(value) ? [...value.keys()] : isRecord(value) ? Object.keys(value) : [];
  for (const part of parts)
    yield* everyText(
      childOf(value, part),
      schemas.flatMap(schema => stepInto(schema, part, value)),
      [...path, part],
    );
}

/** What the schemas of a text say of it. */
export function traitOf(schemas: readonly Schema[]): TextTrait | undefined {
  for (const schema of schemas) {
    const shape = shapeOf(schema);
    if (shape.kind === 'text' && shape.trait !== undefined) return shape.trait;
  }
  return undefined;
}

/** Whether a text is to be kept from eyes when it is no reference; a variable is a secret when its name says so. */
export function isSecretText(path: ConfigPath, trait: TextTrait | undefined): boolean {
  if (trait?.kind !== 'variable') return trait?.kind === 'secret';
  const name = String(path.at(-1));
  return isSecretName(name) || /(?:^|_)(?:token|key|secret|pass(?:word|wd)?|pwd|pat|credentials?)(?:_|$)/i.test(name);
}
