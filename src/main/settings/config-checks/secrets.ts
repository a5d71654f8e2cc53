/** Secrets: by reference where they can be, and no reference where none is resolved. */
import type { Config } from '../../../shared/config/schema.ts';
import { removedSecret, scanReferences } from '../../../shared/config/secret-references.ts';
import type { ConfigFinding, ConfigPath } from '../config-problem.ts';
import { everyText, isSecretText } from '../config-texts.ts';
import { warning } from './check.ts';

/** Looks at each text of the configuration. */
export function checkSecrets(config: Config): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  for (const { path, text, trait } of everyText(config)) {
    if (text.includes(removedSecret))
      findings.push(warning(path, `${removedSecret} stands where config init took a secret out; write the secret itself in its place.`));
    const { found, bad } = scanReferences(text);
    if (trait === undefined) {
      if (found[0] !== undefined) findings.push({ path, message: `${found[0].text} is not resolved here; ${instead(path)}` });
      continue;
    }
    if (bad[0] !== undefined) findings.push({ path, message: `A text with "\${" in it is no reference here. ${bad[0].advice}` });
    else if (found.length === 0 && isSecretText(path, trait))
      findings.push(warning(path, 'The secret itself stands in the file; write ${env:NAME}, ${file:/path} or ${vault:name}.'));
  }
  return findings;
}

function instead(path: ConfigPath): string {
  const names = path.map(part => String(part));
  const canBeNamed = names.every(name => /^\w+$/.test(name));
  return canBeNamed
    ? `set the variable SHADOWCAT__${names.join('__').toUpperCase()} instead, which takes the place of the value.`
    : 'write the value itself.';
}
