/** One side of the split: a message as a tree or raw, with its size, its marks and what to do about its length. */
import { Eye, EyeOff } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { FrameSummary } from '../../../../shared/model/frame.ts';
import { visibleText } from '../../../../shared/text/visible-text.ts';
import { bytes, counted } from '../../../formats/size.ts';
import { readPayload } from '../../../formats/payload.ts';
import { flagWords } from '../../../state/flag-words.ts';
import { CopyButton } from '../../../ui/copy-button.tsx';
import { IconButton } from '../../../ui/icon-button.tsx';
import { JsonTree } from './json-tree.tsx';
import { RawView } from './raw-view.tsx';
import { MAX_BYTES, useBody, type Body } from './use-body.ts';

interface PayloadSideProps {
  readonly title: string;
  readonly frame: FrameSummary | undefined;
  readonly view: 'tree' | 'raw';
  /** What to say where there is no message. */
  readonly missing?: string;
  /** "3 of 7" while stepping through frames. */
  readonly of?: string | undefined;
}

export function PayloadSide({ title, frame, view, missing = 'There is no message.', of }: PayloadSideProps) {
  const [isRevealed, setRevealed] = useState(false);
  const { body, loadAll } = useBody(frame, { isExact: view === 'raw', isRevealed });
  return (
    <section className="side" aria-label={title}>
      <header className="side-head">
        <b>{title}</b>
        {frame !== undefined && (
          <>
            <span>{bytes(frame.sizeBytes)}</span>
            {of !== undefined && <span>frame {of}</span>}
            {frame.eventId !== undefined && <span className="clip">event {visibleText(frame.eventId)}</span>}
            {frame.contentEncoding !== undefined && <span>{frame.contentEncoding}</span>}
            {frame.flags.length > 0 && <span className="warn clip">{flagWords(frame.flags)}</span>}
            <span className="end">
              {(body.maskedCount > 0 || isRevealed) && (
                <IconButton
                  icon={isRevealed ? EyeOff : Eye}
                  label={isRevealed ? 'Mask secrets again' : `Reveal ${counted(body.maskedCount, 'masked secret')}; this is logged`}
                  onClick={() => setRevealed(!isRevealed)}
                />
              )}
              <CopyButton text={body.text} label={`Copy the ${title.toLowerCase()}`} />
            </span>
          </>
        )}
      </header>
      {frame === undefined ? (
        <p className="side-empty">{missing}</p>
      ) : (
        <Payload title={title} frame={frame} body={body} view={view} loadAll={loadAll} />
      )}
    </section>
  );
}

interface PayloadProps {
  readonly title: string;
  readonly frame: FrameSummary;
  readonly body: Body;
  readonly view: 'tree' | 'raw';
  readonly loadAll: () => void;
}

function Payload({ title, frame, body, view, loadAll }: PayloadProps) {
  const payload = useMemo(() => (view === 'tree' && body.isWhole ? readPayload(body.text, body.encoding) : undefined), [view, body]);
  if (body.kind === 'failed') return <p className="side-empty">{body.problem}</p>;
  if (body.kind === 'loading')
    return (
      <div className="side-empty" aria-busy="true">
        {body.loadedBytes > 0 && <progress value={body.loadedBytes} max={body.storedBytes} aria-label="Loading the body" />}
      </div>
    );
  if (body.storedBytes === 0)
    return <p className="side-empty">{frame.sizeBytes === 0 ? 'It has no body.' : 'Its body was not recorded; size and hash are.'}</p>;
  return (
    <>
      {!body.isWhole && (
        <div className="side-note">
          <span>
            The first {bytes(body.loadedBytes)} of {bytes(body.storedBytes)}.
          </span>
          {body.loadedBytes < Math.min(MAX_BYTES, body.storedBytes) && (
            <button type="button" className="btn" onClick={loadAll}>
              {body.storedBytes > MAX_BYTES ? `Show the first ${bytes(MAX_BYTES)}` : 'Render anyway'}
            </button>
          )}
        </div>
      )}
      {payload?.kind === 'json' ? (
        <JsonTree title={title} value={payload.value} />
      ) : (
        <RawView title={title} text={body.text} encoding={body.encoding} isPlain={view === 'tree'} />
      )}
    </>
  );
}
