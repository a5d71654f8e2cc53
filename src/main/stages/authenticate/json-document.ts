/** Reads the JSON documents of issuers, and says in words what was wrong with one. */

/** The object in an answer with status 200; `what` names it in the error. */
export async function jsonObject(response: Response, what: string): Promise<Record<string, unknown>> {
  if (response.status !== 200) throw new Error(`The ${what} was answered with status ${response.status}.`);
  let json: unknown;
  try {
    json = await response.json();
  } catch {
    throw new Error(`The ${what} is no JSON.`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error(`The ${what} is no JSON object.`);
  return json as Record<string, unknown>;
}

/** The message of an error; never its cause, which may quote a request. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : 'It failed.';
}
