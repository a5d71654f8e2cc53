/** The cells of an exchange. */
import { ArrowLeft, ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';
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
    <span
      role="gridcell"
      className={cn(`c-${column}`, column === 'duration' && exchange.durationMs !== undefined && paceOf(exchange.durationMs))}
    >
      <Content exchange={exchange} column={column} />
    </span>
  );
}

function Content({ exchange, column }: ExchangeCellProps) {
  return contents[column]?.(exchange) ?? null;
}

/** What each column shows; time, step and status are drawn by their own components. */
const contents: Readonly<Partial<Record<ColumnId, (exchange: ExchangeSummary) => ReactNode>>> = {
  id: exchange => exchange.id,
  direction: exchange => <DirectionGlyph direction={exchange.direction} />,
  client: exchange => exchange.clientName,
  server: exchange => exchange.serverName,
  method: exchange => exchange.method,
  target: exchange => <Target exchange={exchange} />,
  duration: exchange => <Took exchange={exchange} />,
  bar: exchange => <DurationBar exchange={exchange} />,
  firstByte: exchange => (exchange.firstByteMs === undefined ? '' : duration(exchange.firstByteMs)),
  size: exchange => bytes(exchange.requestBytes + exchange.responseBytes),
  frames: exchange => count(exchange.frameCount),
  transport: exchange => exchange.transport,
  rpcId: exchange => exchange.idText ?? '',
  flags: exchange => flagWords(exchange.flags),
};

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
  return direction === 'fromClient' ? fromClient : fromServer;
}

/** Made once: hundreds of rows a second show one of the two. */
const fromClient = <ArrowRight className="i s" role="img" aria-label="from the client" />;
const fromServer = <ArrowLeft className="i s" role="img" aria-label="from the server" />;
