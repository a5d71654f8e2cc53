/** The cells of an exchange. */
import type { ReactNode } from 'react';
import type { Direction } from '../../../shared/model/frame.ts';
import type { ExchangeSummary } from '../../../shared/model/exchange.ts';
import { bytes, count } from '../../formats/size.ts';
import { surelyFits } from '../../formats/text-width.ts';
import { duration, running } from '../../formats/time.ts';
import { columns as known, type ColumnId } from '../../state/columns.ts';
import { flagWords } from '../../state/flag-words.ts';
import { paceOf, statusLook } from '../../state/status-look.ts';
import { useNow } from '../../state/use-workbench.ts';
import { StatusGlyph } from '../../ui/status-glyph.tsx';
import { DurationBar } from './duration-bar.tsx';

interface ExchangeCellProps {
  readonly exchange: ExchangeSummary;
  readonly column: ColumnId;
  /** Least pixels of the column, where they are known. */
  readonly room?: number | undefined;
}

export function ExchangeCell({ exchange, column, room }: ExchangeCellProps) {
  if (column === 'status') return <StatusCell exchange={exchange} room={room} />;
  const content = contents[column]?.(exchange);
  const pace = column === 'duration' && exchange.durationMs !== undefined ? ` ${paceOf(exchange.durationMs)}` : '';
  const clip = isClipped(column, content, room) ? ' clip' : '';
  return (
    <span role="gridcell" className={`c-${column}${pace}${clip}`} title={column === 'target' ? exchange.target : undefined}>
      {content}
    </span>
  );
}

/** A glyph and the space after it. */
const GLYPH_PX = 17;

/** Columns whose content has no bound of its own. */
const open: ReadonlySet<ColumnId> = new Set(['client', 'server', 'method', 'target', 'rpcId', 'flags']);

/** Whether a cell must cut its content off: not where it surely fits, for every clip costs a scrolled frame. */
export function isClipped(column: ColumnId, content: ReactNode, room: number | undefined): boolean {
  if (room === undefined || room < known[column].width) return true;
  return open.has(column) && !(typeof content === 'string' && surelyFits(content, room));
}

/** What each column shows; time, step and status are drawn by their own components. */
const contents: Readonly<Partial<Record<ColumnId, (exchange: ExchangeSummary) => ReactNode>>> = {
  id: exchange => exchange.id,
  direction: exchange => <DirectionGlyph direction={exchange.direction} />,
  client: exchange => exchange.clientName,
  server: exchange => exchange.serverName,
  method: exchange => exchange.method,
  target: targetOf,
  duration: exchange => <Took exchange={exchange} />,
  bar: exchange => <DurationBar exchange={exchange} />,
  firstByte: exchange => (exchange.firstByteMs === undefined ? '' : duration(exchange.firstByteMs)),
  size: exchange => bytes(exchange.requestBytes + exchange.responseBytes),
  frames: exchange => count(exchange.frameCount),
  transport: exchange => exchange.transport,
  rpcId: exchange => exchange.idText ?? '',
  flags: exchange => flagWords(exchange.flags),
};

function StatusCell({ exchange, room }: Omit<ExchangeCellProps, 'column'>) {
  const look = statusLook(exchange);
  const isShort = room !== undefined && surelyFits(look.word, room - (look.glyph === 'none' ? 0 : GLYPH_PX));
  return (
    <span role="gridcell" className={`c-status ${look.tone}${isShort ? '' : ' clip'}`} title={exchange.errorMessage}>
      <StatusGlyph glyph={look.glyph} />
      {look.word}
    </span>
  );
}

/** The name and what is to say of it. Plain text where there is only a name: most rows, and an element less to lay out. */
function targetOf(exchange: ExchangeSummary): ReactNode {
  const note = exchange.errorMessage ?? (exchange.progressCount > 0 ? `${count(exchange.progressCount)} progress` : undefined);
  const named = exchange.target ?? '';
  if (note === undefined && named !== '') return named;
  // Metadata alone says nothing of a request.
  const quiet = note ?? (/^\{("_meta"|\})/.test(exchange.preview) ? '' : exchange.preview);
  if (named === '' && quiet === '') return '';
  return (
    <>
      {named}
      <span className={named === '' ? 'note' : 'note after'}>{quiet}</span>
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

/** Made once, and characters instead of drawings: hundreds of rows a second show one of the two. */
const fromClient = (
  <span role="img" aria-label="from the client">
    →
  </span>
);
const fromServer = (
  <span role="img" aria-label="from the server">
    ←
  </span>
);
