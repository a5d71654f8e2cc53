/** As which client we sign in at a server: the operator's, one described by a document, or one that is registered on the spot. */
import type { Clock } from '../../ports.ts';
import type { OutboundFetch } from '../../support/outbound-fetch.ts';
import type { VaultRecords } from '../token-vault.ts';
import { secretMethodOf, type SignInClient } from './client-authentication.ts';
import { registerClient } from './register-client.ts';
import type { SignInServer } from './server-metadata.ts';
import { SignInError, type SignInConfig } from './sign-in-config.ts';

export interface RegistrationDeps {
  readonly fetch: OutboundFetch;
  /** By issuer: a client of one server is nobody at another. */
  readonly registrations: VaultRecords;
  readonly redirectUri: string;
  readonly clock: Clock;
}

/** What is kept of a registration. */
interface Registration extends SignInClient {
  readonly redirectUri: string;
  /** Epoch ms; absent where the secret, if there is one, is good for ever. */
  readonly secretExpiresAt?: number;
}

/** MCP 2026-07-28: registered beforehand, then a Client ID Metadata Document, and dynamic registration last. */
export async function clientFor(server: SignInServer, config: SignInConfig, deps: RegistrationDeps): Promise<SignInClient> {
  if (config.clientId !== undefined) return configured(server, config.clientId, config.clientSecret);
  if (config.clientIdDocument !== undefined && server.client_id_metadata_document_supported === true)
    return { clientId: config.clientIdDocument, authMethod: 'none' };
  if (server.registration_endpoint === undefined)
    throw new SignInError(`${new URL(server.issuer).host} registers no clients by itself; register one there and configure its clientId.`);
  const kept = usable(deps.registrations.get(server.issuer) as Registration | undefined, deps);
  if (kept !== undefined) return kept;
  const { client, secretExpiresAt } = await registerClient(server, deps);
  const registration: Registration = {
    ...client,
    redirectUri: deps.redirectUri,
    ...(secretExpiresAt === undefined ? {} : { secretExpiresAt }),
  };
  deps.registrations.set(server.issuer, registration);
  return client;
}

function configured(server: SignInServer, clientId: string, clientSecret: string | undefined): SignInClient {
  if (clientSecret === undefined) return { clientId, authMethod: 'none' };
  return { clientId, secret: { text: clientSecret, isReference: true }, authMethod: secretMethodOf(server) };
}

/** Redirect addresses are compared without their port for native clients (RFC 8252, 7.3), but not by every server: a new port, a new client. */
function usable(kept: Registration | undefined, { redirectUri, clock }: RegistrationDeps): SignInClient | undefined {
  if (kept === undefined || kept.redirectUri !== redirectUri) return undefined;
  const { clientId, secret, authMethod, secretExpiresAt } = kept;
  if (secretExpiresAt !== undefined && secretExpiresAt <= clock.now()) return undefined;
  return { clientId, ...(secret === undefined ? {} : { secret }), authMethod };
}
