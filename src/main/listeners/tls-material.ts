/** Certificates of a TLS door: chosen by server name (SNI), and renewed without closing anything. */
import type { Server, ServerOptions } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';

/** All PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly clientCertificates: 'none' | 'optional' | 'required';
  readonly clientCa?: string;
  readonly names: readonly { readonly serverName: string; readonly cert: string; readonly key: string }[];
}

export class DoorCertificates {
  readonly options: ServerOptions;
  #byName: ReadonlyMap<string, SecureContext>;

  /** Throws what node:tls says of material that is none. */
  constructor(tls: TlsMaterial) {
    this.#byName = contextsOf(tls);
    this.options = {
      ...contextOptions(tls),
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      requestCert: tls.clientCertificates !== 'none',
      rejectUnauthorized: tls.clientCertificates === 'required',
      SNICallback: (name, done) => done(null, this.#contextFor(name.toLowerCase())),
    };
  }

  /** Throws before anything changed when the new material is none. */
  renew(server: Server, tls: TlsMaterial): void {
    const byName = contextsOf(tls);
    server.setSecureContext({ ...contextOptions(tls), minVersion: 'TLSv1.2' });
    this.#byName = byName;
  }

  /** The name itself, or the one with a star in place of its first label; undefined for the usual certificate. */
  #contextFor(name: string): SecureContext | undefined {
    return this.#byName.get(name) ?? this.#byName.get(name.replace(/^[^.]+/, '*'));
  }
}

function contextOptions({ cert, key, clientCa }: TlsMaterial): { cert: string; key: string; ca?: string } {
  return { cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) };
}

function contextsOf(tls: TlsMaterial): ReadonlyMap<string, SecureContext> {
  const { clientCa } = tls;
  return new Map(
    tls.names.map(({ serverName, cert, key }) => [
      serverName.toLowerCase(),
      createSecureContext({ cert, key, minVersion: 'TLSv1.2', ...(clientCa === undefined ? {} : { ca: clientCa }) }),
    ]),
  );
}
