/** A body as it came: text with its carriage returns seen, or bytes in hex. Only lines in sight exist. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { bytesOf, hexLine, rawLines } from '../../../formats/payload.ts';
import { Segmented } from '../../../ui/segmented.tsx';
import { useSize } from '../../../ui/use-size.ts';

const LINE_PX = 18;
/** Width of a character in the payload font, near enough to cut lines before the browser must. */
const CHAR_PX = 6.95;

interface RawViewProps {
  /** Whose body it is. */
  readonly title: string;
  readonly text: string;
  readonly encoding: 'utf8' | 'base64';
  /** In the tree's place, for what is no JSON: without the choice of hex. */
  readonly isPlain: boolean;
}

export function RawView({ title, text, encoding, isPlain }: RawViewProps) {
  const [wish, setView] = useState<'text' | 'hex'>('text');
  const view = encoding === 'base64' ? 'hex' : wish;
  const scroller = useRef<HTMLDivElement>(null);
  const { width } = useSize(scroller);
  const columns = Math.max(20, Math.floor((width - 28) / CHAR_PX));
  const lines = useMemo(() => (view === 'text' ? rawLines(text, columns) : []), [view, text, columns]);
  const bytes = useMemo(() => (view === 'hex' ? bytesOf(text, encoding) : new Uint8Array()), [view, text, encoding]);
  const virtual = useVirtualizer({
    count: view === 'hex' ? Math.ceil(bytes.length / 16) : lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 20,
  });
  return (
    <>
      {!isPlain && encoding === 'utf8' && (
        <div className="side-note">
          <Segmented
            label="How to show the bytes"
            value={view}
            options={[
              { value: 'text', label: 'Text' },
              { value: 'hex', label: 'Hex' },
            ]}
            onChange={setView}
          />
        </div>
      )}
      {/* A scrolled text must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={scroller} className="raw scroll-keys" tabIndex={0} role="region" aria-label={`${title}, raw`}>
        <div className="raw-lines" style={{ height: `${virtual.getTotalSize()}px` }}>
          {virtual.getVirtualItems().map(item => (
            <div key={item.index} className="raw-line" style={{ transform: `translateY(${item.start}px)` }}>
              {view === 'hex' ? <HexLine bytes={bytes} at={item.index * 16} /> : lines[item.index]}
            </div>
          ))}
        </div>
      </div>
    </>
  );
}

function HexLine({ bytes, at }: { readonly bytes: Uint8Array; readonly at: number }) {
  const { offset, hex, text } = hexLine(bytes, at);
  return (
    <>
      <span className="quiet">{offset}</span> {hex} <span className="str">{text}</span>
    </>
  );
}
