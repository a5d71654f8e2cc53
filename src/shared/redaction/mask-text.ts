/**
 * Masks secrets in text that is shown or exported: values under telling JSON keys, bearer and vendor tokens, card
 * numbers. Works on the text itself and never re-serialises, because the text may be a slice of a larger body.
 */

export interface Masked {
  readonly text: string;
  /** How many values were masked. */
  readonly count: number;
}

export const MASK = '••••';

/** Keys whose value is a secret; compared in lower case without `_`, `-` and `.`. */
const secretKeys = new Set([
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'token',
  'apikey',
  'xapikey',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'clientsecret',
  'clientassertion',
  'assertion',
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'codeverifier',
  'requeststate',
  'privatekey',
  'authtoken',
  'bearertoken',
  'sessiontoken',
  'secretkey',
  'accesskey',
  'credential',
  'credentials',
]);
const secretEndings = ['password', 'secret', 'apikey', 'accesstoken', 'refreshtoken', 'authtoken', 'privatekey', 'secretkey'];

/** Whether a name (JSON key, form field, query parameter, option) announces a secret. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[-_.]/g, '');
  return secretKeys.has(plain) || secretEndings.some(ending => plain.endsWith(ending));
}

/** Masks a text. Pure; masking a masked text again changes nothing. */
export function maskText(text: string): Masked {
  const byKey = maskKeyedValues(text);
  const byToken = maskTokens(byKey.text);
  const byCard = maskCards(byToken.text);
  return { text: byCard.text, count: byKey.count + byToken.count + byCard.count };
}

/** A key with its quotes, which are escaped where JSON lies inside a JSON string, up to its colon. */
const keyPattern = /(\\{0,7})"([A-Za-z][\w.-]{1,39})\1"\s*:\s*/g;

/** Part of every telling key. Most texts have none, and this one look is far cheaper than a walk over all keys. */
const secretStem = /pass|pwd|secret|token|key|auth|cookie|credential|assertion|verifier|request[-_.]?state/i;

function maskKeyedValues(text: string): Masked {
  if (!secretStem.test(text)) return { text, count: 0 };
  let masked = '';
  let count = 0;
  let done = 0;
  keyPattern.lastIndex = 0;
  for (let match = keyPattern.exec(text); match !== null; match = keyPattern.exec(text)) {
    if (!isSecretName(match[2] ?? '')) continue;
    const value = maskValue(text, keyPattern.lastIndex, match[1] ?? '');
    if (value.count > 0) {
      masked += text.slice(done, keyPattern.lastIndex) + value.text;
      done = value.end;
      count += value.count;
    }
    keyPattern.lastIndex = Math.max(value.end, keyPattern.lastIndex);
  }
  return { text: masked + text.slice(done), count };
}

/** Masks a string, a number, or the strings of a flat list. Objects stay: a JSON Schema names `password` without holding one. */
function maskValue(text: string, start: number, escape: string): Masked & { end: number } {
  const quote = `${escape}"`;
  if (text.startsWith(quote, start)) {
    const from = start + quote.length;
    const end = endOfString(text, from, escape);
    const isMasked = text.slice(from, end) === MASK || end === from;
    return {
      text: quote + MASK + text.slice(end, end + quote.length),
      count: isMasked ? 0 : 1,
      end: Math.min(end + quote.length, text.length),
    };
  }
  const number = /^-?\d[\d.eE+-]*/.exec(text.slice(start, start + 64))?.[0];
  if (number !== undefined) return { text: quote + MASK + quote, count: 1, end: start + number.length };
  if (text[start] === '[') return maskList(text, start, escape);
  return { text: '', count: 0, end: start };
}

function maskList(text: string, start: number, escape: string): Masked & { end: number } {
  let masked = '[';
  let count = 0;
  let at = start + 1;
  while (at < text.length) {
    const gap = /^[\s,]*/.exec(text.slice(at, at + 64))?.[0] ?? '';
    const value = maskValue(text, at + gap.length, escape);
    if (value.end === at + gap.length || text[at + gap.length] === '[') break;
    masked += gap + (value.count > 0 ? value.text : text.slice(at + gap.length, value.end));
    count += value.count;
    at = value.end;
  }
  return { text: masked, count, end: at };
}

/** Where the closing quote stands; the end of the text when a slice cut it off, so that half a secret is masked too. */
function endOfString(text: string, from: number, escape: string): number {
  const quote = `${escape}"`;
  for (let at = text.indexOf(quote, from); at !== -1; at = text.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (at - slashes - 1 >= from && text[at - slashes - 1] === '\\') slashes += 1;
    // Inside an escaped string the closing quote has exactly its own escapes; at top level an even number before it.
    if (escape === '' ? slashes % 2 === 0 : slashes === 0) return at;
  }
  return text.length;
}

/** `Bearer x`, JSON Web Tokens and tokens with a well-known beginning. */
const tokenPattern =
  /\b(Bearer|Basic)(\s+)([A-Za-z0-9._~+/=-]{8,})|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*|\b(?:sk-|sk_live_|rk_live_|ghp_|gho_|ghs_|ghu_|github_pat_|glpat-|xox[abeprs]-|AKIA|AIza)[A-Za-z0-9_-]{12,}/g;

function maskTokens(text: string): Masked {
  let count = 0;
  const masked = text.replaceAll(tokenPattern, (_whole: string, scheme: string | undefined, gap: string | undefined) => {
    count += 1;
    return scheme === undefined ? MASK : `${scheme}${gap}${MASK}`;
  });
  return { text: masked, count };
}

const cardPattern = /(?<![\w.•-])[3-6]\d(?:[ -]?\d){12,17}(?![\w•]|[.-]\d)/g;

function maskCards(text: string): Masked {
  let count = 0;
  const masked = text.replaceAll(cardPattern, (digits: string, at: number) => {
    if (!isCardNumber(digits.replaceAll(/[ -]/g, ''))) return digits;
    count += 1;
    return isBareNumber(text, at, at + digits.length) ? `"${MASK}"` : MASK;
  });
  return { text: masked, count };
}

/** A JSON number, which must be replaced by a JSON value: a member, an element, or all there is. */
function isBareNumber(text: string, start: number, end: number): boolean {
  const [before, after] = [text.slice(Math.max(0, start - 8), start), text.slice(end, end + 8)];
  const isAll = start <= 8 && text.length - end <= 8 && `${before}${after}`.trim() === '';
  return isAll || (/[:,[]\s*$/.test(before) && /^\s*[,\]}]/.test(after));
}

/** Luhn's check over 14 to 19 digits; shorter ones are mostly times in milliseconds. */
function isCardNumber(digits: string): boolean {
  if (digits.length < 14 || digits.length > 19) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 48;
    const doubled = index % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
