/** A row without an outcome: when, a glyph, then one sentence across. */
import { Bell, CornerDownRight, Globe, Terminal, TriangleAlert, Zap, type LucideIcon } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import type { ExchangeSummary, RowKind } from '../../../shared/model/exchange.ts';
import type { ColumnId } from '../../state/columns.ts';
import { lifecycleText } from '../../formats/lifecycle.ts';
import { cn } from '../../ui/cn.ts';

const glyphs: Readonly<Record<RowKind, { readonly icon: LucideIcon; readonly word: string }>> = {
  notification: { icon: Bell, word: 'notification' },
  stderr: { icon: Terminal, word: 'stderr' },
  stdout: { icon: TriangleAlert, word: 'stdout' },
  invalid: { icon: TriangleAlert, word: 'invalid' },
  http: { icon: Globe, word: 'http' },
  lifecycle: { icon: Zap, word: 'session' },
  request: { icon: CornerDownRight, word: 'request' },
  response: { icon: CornerDownRight, word: 'response' },
};

/** Columns before the sentence; the others give their room to it. */
const leading: readonly ColumnId[] = ['id', 'time', 'delta', 'direction', 'client'];

interface ThinLineProps {
  readonly exchange: ExchangeSummary;
  readonly columns: readonly ColumnId[];
  readonly time: ReactNode;
}

export function ThinLine({ exchange, columns, time }: ThinLineProps) {
  const before = columns.slice(
    0,
    columns.findIndex(column => !leading.includes(column)),
  );
  const { icon: Icon, word } = glyphs[exchange.kind];
  const tone = exchange.kind === 'invalid' ? 'error' : exchange.kind === 'stdout' ? 'warn' : undefined;
  return (
    <>
      {before.map(column =>
        column === 'time' ? (
          <Fragment key={column}>{time}</Fragment>
        ) : (
          <span key={column} role="gridcell" className={`c-${column}`}>
            {column === 'id' && exchange.id}
            {column === 'client' && exchange.clientName}
            {column === 'direction' && <Icon className="i s" role="img" aria-label={word} />}
          </span>
        ),
      )}
      <span
        role="gridcell"
        className={cn('c-note', tone)}
        aria-colspan={Math.max(1, columns.length - before.length)}
        style={{ gridColumnStart: before.length + 1 }}
      >
        {!before.includes('direction') && <Icon className="i s" role="img" aria-label={word} />}
        <span className="note-who">{exchange.serverName}</span>
        <span className="note-what">{whatOf(exchange, word)}</span>
        <span className="clip">
          {exchange.kind === 'lifecycle' ? lifecycleText(exchange.preview) : (exchange.target ?? exchange.preview)}
        </span>
      </span>
    </>
  );
}

function whatOf(exchange: ExchangeSummary, word: string): string {
  if (exchange.kind === 'http') return [exchange.method, exchange.httpStatus].filter(part => part !== undefined && part !== '').join(' ');
  return exchange.method === '' ? word : exchange.method;
}
