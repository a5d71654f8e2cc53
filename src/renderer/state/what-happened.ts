/** One sentence for an exchange that did not go as it should; nothing for one that did. */
import type { ExchangeSummary } from '../../shared/model/exchange.ts';
import { count } from '../formats/size.ts';
import { duration } from '../formats/time.ts';
import { signed, type Tone } from './status-look.ts';

export interface WhatHappened {
  readonly tone: Extract<Tone, 'error' | 'warn' | 'denied' | 'muted'>;
  readonly sentence: string;
}

/** Tells what went wrong in words of the person who waits for the answer. */
export function whatHappened(exchange: ExchangeSummary): WhatHappened | undefined {
  const outcome = ofOutcome(exchange);
  const marks = ofFlags(exchange);
  if (outcome === undefined) return marks.length === 0 ? undefined : { tone: 'warn', sentence: marks.join(' ') };
  return { ...outcome, sentence: [outcome.sentence, ...marks].join(' ') };
}

function ofOutcome(exchange: ExchangeSummary): WhatHappened | undefined {
  const said = exchange.errorMessage === undefined ? '' : `: ${quote(exchange.errorMessage)}`;
  const [asked, answering] = exchange.direction === 'fromClient' ? ['client', 'server'] : ['server', 'client'];
  switch (exchange.status) {
    case 'tool-error':
      return { tone: 'error', sentence: 'The tool failed, but the protocol call succeeded (isError).' };
    case 'error':
      return {
        tone: 'error',
        sentence: `The ${answering} answered with error ${signed(exchange.errorCode ?? 0)}${said}.`,
      };
    case 'cancelled':
    case 'late':
      return gaveUp(exchange, asked, answering);
    case 'failed':
      return failed(exchange);
    case 'refused':
      return { tone: 'denied', sentence: `The call was refused${said}.` };
    case 'no-answer':
      return { tone: 'error', sentence: `The session ended before the ${answering} answered.` };
    case 'ok':
      return ofKind(exchange);
    case 'pending':
    case 'open':
      return undefined;
  }
}

function gaveUp(exchange: ExchangeSummary, asked: string, answering: string): WhatHappened {
  const took = exchange.durationMs === undefined ? '' : ` after ${duration(exchange.durationMs)}`;
  const quitter = exchange.cancelledBy ?? asked;
  if (exchange.status === 'cancelled')
    return { tone: 'muted', sentence: `The ${quitter} gave up${took}${reason(exchange)}; the ${answering} has not answered.` };
  return {
    tone: 'warn',
    sentence: `The ${answering} answered${took}, when the ${quitter} had already cancelled${reason(exchange)}. Nobody was waiting for it any more.`,
  };
}

function failed(exchange: ExchangeSummary): WhatHappened {
  const message = exchange.errorMessage === undefined ? '' : ` ${sentence(exchange.errorMessage)}`;
  if (exchange.flags.includes('own-error'))
    return { tone: 'error', sentence: `The server could not be reached; Shadowcat answered in its place.${message}` };
  if (exchange.flags.includes('stream-cut')) return { tone: 'error', sentence: `The server died in the middle of its answer.${message}` };
  const status = exchange.httpStatus === undefined ? '' : ` with HTTP ${exchange.httpStatus}`;
  return { tone: 'error', sentence: `The call failed${status}.${message}` };
}

function ofKind(exchange: ExchangeSummary): WhatHappened | undefined {
  if (exchange.kind === 'response') return { tone: 'warn', sentence: 'An answer to a request that was never seen.' };
  if (exchange.kind === 'stdout')
    return { tone: 'warn', sentence: 'The server wrote something to stdout that is no JSON-RPC message. Clients may stumble over it.' };
  if (exchange.kind === 'invalid') return { tone: 'error', sentence: 'This is no valid JSON-RPC message.' };
  return undefined;
}

const flagSentences = {
  'body-truncated': 'The recorded copy is shorter than what was delivered.',
  'body-dropped': 'The body was not recorded: the queue was full.',
  'client-left': 'The client left before the answer was complete.',
  'unknown-id': 'It answers an id that was never asked.',
  'duplicate-id': 'Its id was still in use by an earlier request.',
  'header-mismatch': 'Its Mcp headers do not agree with its body.',
} as const;

function ofFlags(exchange: ExchangeSummary): string[] {
  return Object.entries(flagSentences)
    .filter(([flag]) => (exchange.flags as readonly string[]).includes(flag))
    .map(([, text]) => text);
}

/** "Seen 14 times in this session, 2 of them failed." */
export function sameTargetSentence(same: { readonly count: number; readonly errorCount: number }): string | undefined {
  if (same.count < 2) return undefined;
  const failures =
    same.errorCount === 0
      ? 'none of them failed'
      : same.errorCount === same.count
        ? 'all of them failed'
        : `${count(same.errorCount)} of them failed`;
  return `The same call was made ${count(same.count)} times in this session; ${failures}.`;
}

function reason(exchange: ExchangeSummary): string {
  return exchange.cancelReason === undefined || exchange.cancelReason === '' ? '' : ` (${quote(exchange.cancelReason)})`;
}

function quote(text: string): string {
  const short = text.length > 240 ? `${text.slice(0, 239)}…` : text;
  return `“${short.replace(/[.\s]+$/, '')}”`;
}

function sentence(text: string): string {
  const short = text.length > 400 ? `${text.slice(0, 399)}…` : text;
  return /[.!?…]$/.test(short) ? short : `${short}.`;
}
