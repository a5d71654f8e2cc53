/** The portable form of a session, version 1: JSON Lines with a header, one line per frame, and an end that proves nothing is missing. */
import { createHash } from 'node:crypto';
import type { FrameSummary } from '../../shared/model/frame.ts';
import type { SessionSummary } from '../../shared/model/session.ts';

/** Grows with each change that an older reader would misread; readers convert step by step. */
export const tapeVersion = 1;

/** A body as a line can hold it: text where it is UTF-8, else base64. Compressed bodies are stored decoded. */
export interface TapeBody {
  readonly encoding: 'utf8' | 'base64';
  readonly text: string;
}

export interface TapeBodies {
  readonly received?: TapeBody;
  /** Only where a rule changed it. */
  readonly delivered?: TapeBody;
}

export interface TapeStart {
  readonly session: SessionSummary;
  /** The program that wrote it. */
  readonly tool: { readonly name: string; readonly version: string };
  readonly exportedAt: number;
  /** Whether secrets in bodies were masked on the way out. */
  readonly isMasked: boolean;
}

export interface TapeLines {
  header(start: TapeStart): string;
  frame(frame: FrameSummary, bodies: TapeBodies): string;
  /** Last line; a tape without it was cut off and is still readable. */
  end(): string;
}

/** Makes the lines of one tape, in the order in which they are to be written. */
export function tapeLines(): TapeLines {
  const hash = createHash('sha256');
  let frameCount = 0;
  const line = (value: object) => {
    const text = `${JSON.stringify(value)}\n`;
    hash.update(text);
    return text;
  };
  return {
    header: ({ session, tool, exportedAt, isMasked }) =>
      line({
        type: 'header',
        format: 'mcptape',
        version: tapeVersion,
        tool,
        exportedAt,
        isMasked,
        protocolVersion: session.protocolVersion,
        client: session.clientInfo ?? { name: session.clientName },
        server: session.serverInfo ?? { name: session.serverName },
        session,
      }),
    frame(frame, { received, delivered }) {
      frameCount += 1;
      // The preview is cut from the body, which is here whole.
      const facts = { ...frame, preview: undefined };
      return line({ type: 'frame', ...facts, ...(received && { body: received }), ...(delivered && { delivered }) });
    },
    // The hash covers every byte before this line.
    end: () => `${JSON.stringify({ type: 'end', frameCount, sha256: hash.digest('hex') })}\n`,
  };
}
