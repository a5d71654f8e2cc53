/** Arguments of a client's entry as the file of a gateway may hold them: no reference is resolved in them, so secrets are taken out. */
import { removedSecret } from '../../../shared/config/secret-references.ts';
import { MASK, isSecretName, maskText } from '../../../shared/redaction/mask-text.ts';
import { addressPassword, isSecretLike, urlWithoutSecrets, withoutAssigned, withoutRandom } from './kept-secrets.ts';

const variablePattern = /^([A-Za-z_]\w*)=(.*)$/s;

/** `-e NAME=secret` of containers becomes `-e NAME`, which takes the variable from the environment: `onVariable` puts it there. */
export function keptArguments(
  args: readonly string[],
  onVariable: (name: string, value: string) => void,
): { readonly args: string[]; readonly isCut: boolean } {
  let isCut = false;
  const kept = args.map((arg, at) => {
    const before = args[at - 1] ?? '';
    const option = arg.startsWith('--env=') ? '--env=' : '';
    const isVariable = option !== '' || /^(?:-e|--env)$/.test(before);
    const [, variable, value = ''] = isVariable ? (variablePattern.exec(arg.slice(option.length)) ?? []) : [];
    if (variable !== undefined && isSecretLike(variable, value)) {
      onVariable(variable, value);
      return option + variable;
    }
    const plain = withoutSecret(before, arg);
    if (plain !== arg) isCut = true;
    return plain;
  });
  return { args: kept, isCut };
}

function withoutSecret(before: string, arg: string): string {
  const header = /^(?:-H|--header)$/.test(before) ? /^([^:\s]+):\s*(.*)$/s.exec(arg) : null;
  const inline = /^--?([A-Za-z][\w.-]*)=(.+)$/s.exec(arg);
  const [whole = '', name = '', value = ''] = header ?? inline ?? [];
  // A variable of the program's own (`${AUTH}`) is resolved by nobody but the program.
  if (whole !== '' && isSecretLike(name, value) && !value.includes('${')) return arg.slice(0, arg.length - value.length) + removedSecret;
  if (!arg.startsWith('-') && /^--?[A-Za-z]/.test(before) && isSecretName(before.replace(/^-+/, ''))) return removedSecret;
  return withoutRandom(withoutAssigned(maskText(urlWithoutSecrets(arg)).text.replaceAll(MASK, removedSecret)))
    .replace(addressPassword, `$1${removedSecret}@`)
    .replaceAll(/\$\{(?:env|file|vault|input):[^}]*\}/g, removedSecret);
}
