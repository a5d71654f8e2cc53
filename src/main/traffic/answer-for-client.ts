/** Notes an answer that a server got from us in place of its client. */
import type { Flag } from '../../shared/model/frame.ts';
import type { Clock } from '../ports.ts';
import type { Conversation } from './conversation.ts';

export interface AnswerForClient {
  readonly bytes: Uint8Array;
  readonly flags: readonly Flag[];
  readonly hopId?: string;
}

/** A session that has ended takes no more. */
export function noteAnswerForClient(conversation: Conversation, clock: Clock, { bytes, ...rest }: AnswerForClient): void {
  if (conversation.isEnded) return;
  conversation.note({
    direction: 'fromClient',
    delivery: 'body',
    at: clock.now(),
    monotonicUs: clock.monotonicUs(),
    body: { bytes, sizeBytes: bytes.length, isTruncated: false },
    ...rest,
  });
}
