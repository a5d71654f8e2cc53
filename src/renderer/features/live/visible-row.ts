/** A row as it may be shown: what client and server wrote cannot hide or reorder characters. */
import type { TimelineRow } from '../../../shared/model/timeline.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';

const strangersWords = ['method', 'target', 'preview', 'errorMessage', 'idText', 'clientName', 'serverName'] as const;

/** The same row where nothing in it is hidden, so that rows stay the objects they are. */
export function visibleRow(row: TimelineRow): TimelineRow {
  if (row.row === 'exchange') {
    const exchange = visibleFields(row.exchange);
    return exchange === row.exchange ? row : { ...row, exchange };
  }
  const frame = visibleFields(row.frame);
  const names = visibleFields({ clientName: row.clientName, serverName: row.serverName });
  return frame === row.frame && names.clientName === row.clientName && names.serverName === row.serverName
    ? row
    : { ...row, ...names, frame };
}

function visibleFields<T extends object>(fields: T): T {
  let shown = fields;
  for (const name of strangersWords) {
    const value = (fields as Record<string, unknown>)[name];
    if (typeof value !== 'string') continue;
    const visible = visibleText(value);
    if (visible !== value) shown = { ...shown, [name]: visible };
  }
  return shown;
}
