/** Looks certificates and keys over before they are taken into force: afterwards nothing may fail any more. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Config } from '../../shared/config/schema.ts';
import type { ResolvedTls, SecretProblem } from './resolved-secrets.ts';

/** What is no certificate, no key, or no pair of both; with its place, and without a word of what it holds. */
export function tlsProblems({ listeners }: Config, { listenerTls, upstreamTls }: ResolvedTls): SecretProblem[] {
  const problems: SecretProblem[] = [];
  const look = (path: readonly (string | number)[], work: () => unknown) => {
    try {
      work();
    } catch (error) {
      problems.push({ path, message: sentenceOf(error) });
    }
  };
  for (const [index, { name }] of listeners.entries()) {
    const tls = listenerTls.get(name);
    if (tls === undefined) continue;
    const path = ['listeners', index, 'tls'];
    look([...path, 'clientCa'], () => mustHoldCertificates(tls.clientCa));
    look([...path, 'cert'], () => mustFit(tls));
    for (const [entry, named] of tls.names.entries()) look([...path, 'names', entry, 'cert'], () => mustFit(named));
  }
  for (const [name, { ca, cert, key }] of upstreamTls) {
    const path = ['upstreams', name, 'tls'];
    look([...path, 'ca'], () => mustHoldCertificates(ca));
    look([...path, 'cert'], () => mustFit({ cert, key }));
  }
  return problems;
}

/** A certificate and its key; or neither. */
function mustFit({ cert, key }: { readonly cert?: string | undefined; readonly key?: string | undefined }): void {
  createSecureContext({ ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) });
}

const pemCertificate = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** OpenSSL passes over what it cannot read in a bundle, and then trusts nobody. */
function mustHoldCertificates(bundle: string | undefined): void {
  if (bundle === undefined) return;
  const found = bundle.match(pemCertificate) ?? [];
  if (found.length === 0) throw new Error('no PEM certificate in it');
  for (const text of found) new X509Certificate(text);
}

/** Of OpenSSL's `error:0480006C:PEM routines::no start line` the last part is for people. */
function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const reason = /^error:[^:]*:[^:]*:[^:]*:(.*)$/.exec(text)?.[1] ?? text;
  return `This is no certificate with its key that TLS could use: ${reason}.`;
}
