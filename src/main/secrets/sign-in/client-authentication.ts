/** Who we are at a server, and how we prove it at its token endpoint. */
import { ClientSecretPost, None, type ClientAuth } from 'oauth4webapi';
import { basicAuthentication } from '../credentials/basic-authentication.ts';
import { textsIn } from './fetch-document.ts';
import type { SignInServer } from './server-metadata.ts';

export interface SignInClient {
  readonly clientId: string;
  /** Of the operator: a reference that is resolved when it is used. Of a registration: itself. */
  readonly secret?: { readonly text: string; readonly isReference: boolean };
  readonly authMethod: AuthMethod;
}

/** How a client proves itself at the token endpoint. */
export type AuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post';

/** In the header, which every server has to know (RFC 6749, 2.3.1), unless this one says that it wants the body. */
export function secretMethodOf(server: SignInServer): 'client_secret_basic' | 'client_secret_post' {
  const methods = textsIn({ ...server }, 'token_endpoint_auth_methods_supported');
  return !methods.includes('client_secret_basic') && methods.includes('client_secret_post') ? 'client_secret_post' : 'client_secret_basic';
}

export async function authenticationOf(client: SignInClient, resolve: (text: string) => Promise<string>): Promise<ClientAuth> {
  const { secret, authMethod } = client;
  if (secret === undefined || authMethod === 'none') return None();
  const text = secret.isReference ? await resolve(secret.text) : secret.text;
  return authMethod === 'client_secret_post' ? ClientSecretPost(text) : basicAuthentication(text);
}
