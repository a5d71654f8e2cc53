/** Fetches the JSON documents of a sign-in. Absent ones are undefined, so that the next address can be tried; refused addresses are not. */
import type { OutboundFetch } from '../../support/outbound-fetch.ts';
import { SignInError } from './sign-in-config.ts';

/** Undefined when nothing useful is there (any status but 200, no JSON object). Throws `SignInError` when the address may not or cannot be asked. */
export async function fetchDocument(url: string, fetch: OutboundFetch): Promise<Record<string, unknown> | undefined> {
  let response: Response;
  try {
    response = await fetch(url, { headers: { accept: 'application/json' } });
  } catch (error) {
    throw new SignInError(error instanceof Error ? error.message : 'The address could not be asked.');
  }
  return response.status === 200 ? objectIn(response) : undefined;
}

/** Undefined where the body is no JSON object. */
export async function objectIn(response: Response): Promise<Record<string, unknown> | undefined> {
  try {
    const json: unknown = await response.json();
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export function textIn(document: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = document[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function textsIn(document: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const value = document[name];
  return Array.isArray(value) ? value.filter(text => typeof text === 'string') : [];
}
