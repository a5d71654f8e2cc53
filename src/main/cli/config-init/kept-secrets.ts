/** Texts of a client's entry as the file of a gateway may hold them: secrets and the client's own variables become references. */
import { removedSecret } from '../../../shared/config/secret-references.ts';
import { isSecretName, maskText } from '../../../shared/redaction/mask-text.ts';
import { isSecretText } from '../../settings/config-texts.ts';

/** A secret that somebody has to hand to the gateway. */
export interface WantedSecret {
  /** As it stands in the file: `${vault:github-token}`. */
  readonly reference: string;
  readonly kind: 'vault' | 'env';
  readonly name: string;
  /** Where its value stands, or what asked for it, in the client's file. */
  readonly place: string;
}

/** The last alternative is any other beginning of a reference, which has to be escaped. Variables of editors (`workspaceFolder`) are none of ours. */
const clientVariable = /\$\{(?:(env|input|vault):([A-Za-z_][\w.-]*)|([A-Z_][A-Z0-9_]*)(?::-([^}]*))?)\}|^\$([A-Z_][A-Z0-9_]*)$|\$\{/g;

/** Collects the secrets of one server. */
export class KeptSecrets {
  readonly wanted: WantedSecret[] = [];
  readonly #prefix: string;

  constructor(serverName: string) {
    this.#prefix = serverName;
  }

  /** A value under a name, as it may stand where references are resolved. */
  text(name: string, value: string, place: string): string {
    // With a variable in it, a telling name says that the variable is the secret; the rest may be one all the same.
    if (looksSecret(value)) return this.#vault(name, place);
    const { text, isReferring } = this.#clientVariables(value, place);
    return isReferring || value === '' || !isSecretLike(name, value) ? text : this.#vault(name, place);
  }

  /** A header of credentials: the scheme stays, so that one sees what it is. */
  header(name: string, value: string, place: string): string {
    const { text, isReferring } = looksSecret(value) ? { text: value, isReferring: false } : this.#clientVariables(value, place);
    if (isReferring) return text;
    const [, scheme] = /^(Bearer|Basic|Token|ApiKey)\s+\S/i.exec(value) ?? [];
    return scheme === undefined ? this.#vault(name, place) : `${scheme} ${this.#vault(name, place)}`;
  }

  #vault(name: string, place: string): string {
    const key = `${this.#prefix}-${name}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64);
    return this.#want('vault', key, place);
  }

  /** References of clients: `${env:X}` and `${input:x}` of VS Code, `${X}` and `${X:-else}` of Claude Code, `$X` of Gemini CLI. */
  #clientVariables(value: string, place: string): { readonly text: string; readonly isReferring: boolean } {
    let isReferring = false;
    const text = value.replaceAll(clientVariable, (whole, ...found: (string | undefined)[]) => {
      const [kind, prefixed, bare, otherwise, gemini] = found;
      const name = prefixed ?? bare ?? gemini;
      if (name === undefined) return '$${';
      isReferring = true;
      // A reference to what is not set keeps a gateway from starting; what the client took instead does not.
      if (otherwise !== undefined && otherwise !== '' && !isSecretLike(name, otherwise)) return otherwise;
      return kind === 'input' || kind === 'vault' ? this.#want('vault', name.slice(0, 64), place) : this.#want('env', name, place);
    });
    return { text, isReferring };
  }

  #want(kind: WantedSecret['kind'], name: string, place: string): string {
    const reference = `\${${kind}:${name}}`;
    if (!this.wanted.some(known => known.reference === reference)) this.wanted.push({ reference, kind, name, place });
    return reference;
  }
}

/** Whether a value is to be kept out of files, by its name or by its own look. */
export function isSecretLike(name: string, value: string): boolean {
  return isSecretName(name) || isSecretText([name.replaceAll('-', '_')], { kind: 'variable' }) || looksSecret(value);
}

/** Tokens of well-known forms or by the look of them, addresses with a password, as databases have them, and settings within a text. */
function looksSecret(value: string): boolean {
  return maskText(value).count > 0 || addressPassword.test(value) || withoutRandom(value) !== value || withoutAssigned(value) !== value;
}

/** As long as the shortest usual tokens, of both cases, and with digits in several places, which names do not have. */
const randomWord = /(?<![\w-]|sha\d{3}:)(?=[\w-]*\d[\w-]*[A-Za-z][\w-]*\d)(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{20,}(?![\w-])/g;
/** Digests of images and packages, which begin with their method, are no secrets. */
const randomHex = /(?<![\w-]|sha\d{3}:)[0-9a-f]{32,}(?![\w-])/gi;

/** Without words that only a machine makes up. */
export function withoutRandom(text: string): string {
  return text.replaceAll(randomWord, removedSecret).replaceAll(randomHex, removedSecret);
}

const assigned = /(?<![\w.-])([A-Za-z_][\w.-]*)=("[^"]*"|'[^']*'|[^\s;&"']+)/g;

/** Without the values of `NAME=value` in shell commands and connection strings. A variable of the program's own is no value. */
export function withoutAssigned(text: string): string {
  return text.replaceAll(assigned, (whole, name: string, value: string) => {
    const isSecret = !value.includes('${') && isSecretText([name.replaceAll(/[-.]/g, '_')], { kind: 'variable' });
    return isSecret && value !== removedSecret ? `${name}=${removedSecret}` : whole;
  });
}

/** The password of an address is the second group. A reference is none. */
export const addressPassword = /\b([a-z][a-z0-9+.-]*:\/\/[^/?#\s@:]*:)((?!\$\{)[^/?#\s@]+)@/i;

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Without user, password and fragment, and without what is a secret of its path and its parameters; any other text as it is. */
export function urlWithoutSecrets(text: string): string {
  const url = /^https?:/i.test(text) ? URL.parse(text) : null;
  if (url === null) return text;
  const secrets = [...url.searchParams].filter(([name, value]) => isSecretLike(name, value));
  // Some servers know their users by the address alone.
  const path = url.pathname
    .split('/')
    .map(part => (uuid.test(part) ? removedSecret : withoutRandom(part)))
    .join('/');
  if (secrets.length === 0 && path === url.pathname && url.username === '' && url.password === '' && url.hash === '') return text;
  url.pathname = path;
  for (const [name] of secrets) url.searchParams.set(name, removedSecret);
  url.username = url.password = url.hash = '';
  return url.href;
}
