/** The cells of a single frame, where the table shows one row per frame. */
import type { ReactNode } from 'react';
import type { FrameSummary } from '../../../shared/model/frame.ts';
import { bytes } from '../../formats/size.ts';
import { duration } from '../../formats/time.ts';
import type { ColumnId } from '../../state/columns.ts';
import { flagWords } from '../../state/flag-words.ts';
import { paceOf } from '../../state/status-look.ts';
import { cn } from '../../ui/cn.ts';
import { DirectionGlyph, isClipped } from './exchange-cell.tsx';

interface FrameCellProps {
  readonly frame: FrameSummary;
  readonly id: number;
  readonly clientName: string;
  readonly serverName: string;
  readonly column: ColumnId;
  readonly room: number | undefined;
}

export function FrameCell(props: FrameCellProps) {
  const { frame, column, room } = props;
  const content = contents[column]?.(props);
  const isSlowable = column === 'duration' && frame.latencyMs !== undefined;
  const isBad = column === 'status' && (frame.kind === 'error' || frame.kind === 'invalid');
  return (
    <span
      role="gridcell"
      className={cn(
        `c-${column}`,
        isSlowable && paceOf(frame.latencyMs ?? 0),
        column === 'status' && (isBad ? 'error' : 'quiet'),
        isClipped(column, content, room) && 'clip',
      )}
    >
      {content}
    </span>
  );
}

/** What each column shows; a single frame has no bar, no first byte and no count. */
const contents: Readonly<Partial<Record<ColumnId, (props: FrameCellProps) => ReactNode>>> = {
  id: ({ id }) => id,
  direction: ({ frame }) => <DirectionGlyph direction={frame.direction} />,
  client: ({ clientName }) => clientName,
  server: ({ serverName }) => serverName,
  method: ({ frame }) => frame.method ?? (frame.http === undefined ? frame.kind : (frame.http.method ?? `HTTP ${frame.http.status ?? ''}`)),
  target: ({ frame }) => (
    <>
      {frame.target}
      <span className={frame.target === undefined ? 'note' : 'note after'}>{frame.preview}</span>
    </>
  ),
  status: ({ frame }) => frame.kind,
  duration: ({ frame }) => (frame.latencyMs === undefined ? '' : duration(frame.latencyMs)),
  size: ({ frame }) => bytes(frame.sizeBytes),
  transport: ({ frame }) => frame.transport,
  rpcId: ({ frame }) => frame.idText ?? '',
  flags: ({ frame }) => flagWords(frame.flags),
};
