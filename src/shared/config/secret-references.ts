/** The grammar of secret references: `${env:NAME}`, `${file:/path}`, `${vault:name}`, alone or within a text. `$${` is a plain `${`. */

export const referenceKinds = ['env', 'file', 'vault'] as const;
export type ReferenceKind = (typeof referenceKinds)[number];

export interface SecretReference {
  /** As it is written, with `${` and `}`. */
  readonly text: string;
  readonly kind: ReferenceKind;
  /** Behind the colon: a variable, a path, or a name in the vault. */
  readonly name: string;
  /** Where it begins in the text around it. */
  readonly at: number;
}

/** What looks like a reference and is none. */
export interface BadReference {
  readonly text: string;
  /** What to do about it. */
  readonly advice: string;
}

/** Stands where `config init` took a secret out and no reference would be resolved. */
export const removedSecret = 'SECRET-REMOVED';

const pattern = /\$\$\{|\$\{([^{}]*)\}|\$\{/g;

/** The references of a text in order, and what only looks like one. */
export function scanReferences(text: string): { readonly found: readonly SecretReference[]; readonly bad: readonly BadReference[] } {
  const found: SecretReference[] = [];
  const bad: BadReference[] = [];
  for (const match of text.matchAll(pattern)) {
    if (match[0] === '$${') continue;
    const reference = readReference(match[0], match[1], match.index);
    if ('advice' in reference) bad.push(reference);
    else found.push(reference);
  }
  return { found, bad };
}

/** The text with each reference replaced, and `$${` by `${`. */
export function fillReferences(text: string, valueOf: (reference: SecretReference) => string): string {
  return text.replaceAll(pattern, (whole, inside: string | undefined, at: number) => {
    if (whole === '$${') return '${';
    const reference = readReference(whole, inside, at);
    return 'advice' in reference ? whole : valueOf(reference);
  });
}

const names: Readonly<Record<ReferenceKind, { readonly form: RegExp; readonly advice: string }>> = {
  env: { form: /^[A-Za-z_][A-Za-z0-9_]*$/, advice: 'Write the name of an environment variable: ${env:NAME}.' },
  file: { form: /^(?:\/|[A-Za-z]:[\\/])[^\0]+$/, advice: 'Write an absolute path: ${file:/run/secrets/name}.' },
  vault: { form: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, advice: 'Write the name of a kept secret, at most 64 characters: ${vault:name}.' },
};

function readReference(text: string, inside: string | undefined, at: number): SecretReference | BadReference {
  if (inside === undefined) return { text, advice: 'Close the reference with }, or write $${ for a plain ${.' };
  const colon = inside.indexOf(':');
  const kind = referenceKinds.find(known => known === inside.slice(0, Math.max(colon, 0)));
  if (kind === undefined) return { text, advice: 'Write ${env:NAME}, ${file:/path} or ${vault:name}, or $${ for a plain ${.' };
  const name = inside.slice(colon + 1);
  return names[kind].form.test(name) ? { text, kind, name, at } : { text, advice: names[kind].advice };
}
