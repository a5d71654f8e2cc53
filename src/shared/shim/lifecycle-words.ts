/** Facts of a session as sentences of a person; the window and the command line say them in the same words. */
import type { LifecycleFact } from './protocol.ts';

/** The sentence for the text of a lifecycle frame. A fact that this version does not know is shown as it was recorded. */
export function lifecycleWords(text: string): string {
  const fact = factOf(text);
  switch (fact?.event) {
    case 'started':
      return `server started, pid ${fact.pid}`;
    case 'not-started':
      return `server not started: ${fact.message}`;
    case 'stdin-ended':
      return 'client closed stdin';
    case 'client-stopped-reading':
      return 'client stopped reading';
    case 'signal':
      return `${fact.signal} passed on to the server`;
    case 'parent-gone':
      return 'the client went away';
    case 'killed':
      return 'server killed: it did not end by itself';
    case 'frames-lost':
      return fact.count === 1 ? '1 frame was lost' : `${fact.count} frames were lost`;
    case 'exited':
      return fact.signal === null ? `server exited with code ${fact.code ?? 'unknown'}` : `server ended by ${fact.signal}`;
    case undefined:
    default:
      return text;
  }
}

function factOf(text: string): LifecycleFact | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as LifecycleFact) : undefined;
  } catch {
    return undefined;
  }
}
