/** The cells of an exchange. */
import { ArrowLeft, ArrowRight } from 'lucide-react';
import type { Direction } from '../../../shared/model/frame.ts';
import type { ExchangeSummary } from '../../../shared/model/exchange.ts';
import { bytes, count } from '../../formats/size.ts';
import { duration, running } from '../../formats/time.ts';
import type { ColumnId } from '../../state/columns.ts';
import { flagWords } from '../../state/flag-words.ts';
import { paceOf, statusLook } from '../../state/status-look.ts';
import { useNow } from '../../state/use-workbench.ts';
import { cn } from '../../ui/cn.ts';
import { StatusGlyph } from '../../ui/status-glyph.tsx';
import { DurationBar } from './duration-bar.tsx';

interface ExchangeCellProps {
  readonly exchange: ExchangeSummary;
  readonly column: ColumnId;
}

export function ExchangeCell({ exchange, column }: ExchangeCellProps) {
  if (column === 'status') return <StatusCell exchange={exchange} />;
  return (
    <span role="gridcell" className={cn(`c-${column}`, column === 'duration' && exchange.durationMs !== undefined && paceOf(exchange.durationMs))}>
      <Content exchange={exchange} column={column} />
    </span>
  );
}

function Content({ exchange, column }: ExchangeCellProps) {
  switch (column) {
    case 'id':
      return exchange.id;
    case 'direction':
      return <DirectionGlyph direction={exchange.direction} />;
    case 'client':
      return exchange.clientName;
    case 'server':
      return exchange.serverName;
    case 'method':
      return exchange.method;
    case 'target':
      return <Target exchange={exchange} />;
    case 'duration':
      return <Took exchange={exchange} />;
    case 'bar':
      return <DurationBar exchange={exchange} />;
    case 'firstByte':
      return exchange.firstByteMs === undefined ? '' : duration(exchange.firstByteMs);
    case 'size':
      return bytes(exchange.requestBytes + exchange.responseBytes);
    case 'frames':
      return count(exchange.frameCount);
    case 'transport':
      return exchange.transport;
    case 'rpcId':
      return exchange.idText ?? '';
    case 'flags':
      return flagWords(exchange.flags);
    case 'time':
    case 'delta':
    case 'status':
      return null;
  }
}

function StatusCell({ exchange }: { readonly exchange: ExchangeSummary }) {
  const look = statusLook(exchange);
  return (
    <span role="gridcell" className={cn('c-status', look.tone)} title={exchange.errorMessage}>
      <StatusGlyph glyph={look.glyph} />
      <span>{look.word}</span>
    </span>
  );
}

function Target({ exchange }: { readonly exchange: ExchangeSummary }) {
  const note = exchange.errorMessage ?? (exchange.progressCount > 0 ? `${count(exchange.progressCount)} progress` : undefined);
  const named = exchange.target ?? '';
  return (
    <>
      {named !== '' && <span title={named}>{named}</span>}
      {note !== undefined && <span className="note">{note}</span>}
      {named === '' && note === undefined && <span className="note">{exchange.preview === '{}' ? '' : exchange.preview}</span>}
    </>
  );
}

function Took({ exchange }: { readonly exchange: ExchangeSummary }) {
  const isPending = exchange.status === 'pending';
  const now = useNow(isPending);
  if (isPending) return running(now - exchange.startedAt);
  return exchange.durationMs === undefined ? '–' : duration(exchange.durationMs);
}

export function DirectionGlyph({ direction }: { readonly direction: Direction }) {
  const Icon = direction === 'fromClient' ? ArrowRight : ArrowLeft;
  return <Icon className="i s" role="img" aria-label={direction === 'fromClient' ? 'from the client' : 'from the server'} />;
}
