/** Facts of a session as sentences of a person; the window and the command line say them in the same words. */
import type { LifecycleFact } from './protocol.ts';

/** The sentence for the text of a lifecycle frame. A fact that this version does not know is shown as it was recorded. */
export function lifecycleWords(text: string): string {
  const fact = factOf(text);
  const words = wordsOf(fact);
  if (words === undefined) return text;
  return fact?.unenforced === true ? `${words}; nothing is enforced here, because the shim of this session is too old for it` : words;
}

function wordsOf(fact: LifecycleFact | undefined): string | undefined {
  switch (fact?.event) {
    case 'started':
      return `server started, pid ${fact.pid}`;
    case 'not-started':
      return `server not started: ${fact.message}`;
    case 'stdin-ended':
    case 'client-stopped-reading':
    case 'parent-gone':
    case 'killed':
      return fixedWords[fact.event];
    case 'signal':
      return `${fact.signal} passed on to the server`;
    case 'frames-lost':
      return fact.count === 1 ? '1 frame was lost' : `${fact.count} frames were lost`;
    case 'mode':
      return modeWords[`${fact.mode} ${fact.cause}`];
    case 'exited':
      return endWords(fact);
    default:
      return undefined;
  }
}

function endWords({ code, signal }: Extract<LifecycleFact, { event: 'exited' }>): string {
  return signal === null ? `server exited with code ${code ?? 'unknown'}` : `server ended by ${signal}`;
}

const fixedWords = {
  'stdin-ended': 'client closed stdin',
  'client-stopped-reading': 'client stopped reading',
  'parent-gone': 'the client went away',
  killed: 'server killed: it did not end by itself',
} as const;

const modeWords: Readonly<Record<string, string>> = {
  'active host': 'policies and limits apply from here',
  'transparent host': 'no policy or limit applies from here',
  'transparent host-lost': 'the host is gone: nothing is enforced from here',
  'closed host-lost': 'the host is gone: nothing passes until it is back',
};

function factOf(text: string): LifecycleFact | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as LifecycleFact) : undefined;
  } catch {
    return undefined;
  }
}
