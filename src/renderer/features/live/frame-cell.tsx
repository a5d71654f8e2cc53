/** The cells of a single frame, where the table shows one row per frame. */
import type { FrameSummary } from '../../../shared/model/frame.ts';
import { bytes } from '../../formats/size.ts';
import { duration } from '../../formats/time.ts';
import type { ColumnId } from '../../state/columns.ts';
import { flagWords } from '../../state/flag-words.ts';
import { paceOf } from '../../state/status-look.ts';
import { cn } from '../../ui/cn.ts';
import { DirectionGlyph } from './exchange-cell.tsx';

interface FrameCellProps {
  readonly frame: FrameSummary;
  readonly id: number;
  readonly clientName: string;
  readonly serverName: string;
  readonly column: ColumnId;
}

export function FrameCell(props: FrameCellProps) {
  const { frame, column } = props;
  const isSlowable = column === 'duration' && frame.latencyMs !== undefined;
  const isBad = column === 'status' && (frame.kind === 'error' || frame.kind === 'invalid');
  return (
    <span role="gridcell" className={cn(`c-${column}`, isSlowable && paceOf(frame.latencyMs ?? 0), column === 'status' && (isBad ? 'error' : 'quiet'))}>
      <Content {...props} />
    </span>
  );
}

function Content({ frame, id, clientName, serverName, column }: FrameCellProps) {
  switch (column) {
    case 'id':
      return id;
    case 'direction':
      return <DirectionGlyph direction={frame.direction} />;
    case 'client':
      return clientName;
    case 'server':
      return serverName;
    case 'method':
      return frame.method ?? (frame.http === undefined ? frame.kind : (frame.http.method ?? `HTTP ${frame.http.status ?? ''}`));
    case 'target':
      return (
        <>
          {frame.target !== undefined && <span>{frame.target}</span>}
          <span className="note">{frame.preview}</span>
        </>
      );
    case 'status':
      return <span>{frame.kind}</span>;
    case 'duration':
      return frame.latencyMs === undefined ? '' : duration(frame.latencyMs);
    case 'size':
      return bytes(frame.sizeBytes);
    case 'transport':
      return frame.transport;
    case 'rpcId':
      return frame.idText ?? '';
    case 'flags':
      return flagWords(frame.flags);
    case 'bar':
    case 'firstByte':
    case 'frames':
    case 'time':
    case 'delta':
      return null;
  }
}
