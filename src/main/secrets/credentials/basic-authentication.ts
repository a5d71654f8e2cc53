/** HTTP Basic at token endpoints, in the form that most of them read. */
import type { ClientAuth } from 'oauth4webapi';

/**
 * Form-encoded before base64 (RFC 6749, 2.3.1), and no further than a form is: many servers forget to decode, and then
 * `-`, `.` and `_`, which are in most ids and secrets, have to arrive as they are.
 */
export function basicAuthentication(secret: string): ClientAuth {
  return (_server, client, _body, headers) => {
    const pair = `${formEncoded(client.client_id)}:${formEncoded(secret)}`;
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  };
}

const formEncoded = (text: string) => new URLSearchParams([['', text]]).toString().slice(1);
