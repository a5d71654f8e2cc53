/** Cells in a real browser: what an outcome shows and what a reader hears. */
import { expect, test } from 'vitest';
import { render } from 'vitest-browser-react';
import type { ExchangeSummary } from '../../../shared/model/exchange.ts';
import { ExchangeCell } from './exchange-cell.tsx';

const exchange: ExchangeSummary = {
  id: 7,
  exchangeId: 's/1',
  sessionId: 's',
  clientName: 'client',
  serverName: 'server',
  transport: 'stdio',
  era: 'legacy',
  direction: 'fromClient',
  kind: 'request',
  method: 'tools/call',
  target: 'search_code',
  status: 'ok',
  startedAt: Date.now() - 2_000,
  durationMs: 640,
  requestBytes: 600,
  responseBytes: 900,
  frameCount: 2,
  progressCount: 0,
  requestSeq: 1,
  responseSeq: 2,
  flags: [],
  preview: '',
};

test('an error is told by word and glyph, not by colour alone', async () => {
  const screen = await render(
    <ExchangeCell exchange={{ ...exchange, status: 'error', errorCode: -32602, errorMessage: 'Unknown tool' }} column="status" />,
  );
  const cell = screen.getByRole('gridcell');
  await expect.element(cell).toHaveTextContent('error −32602');
  await expect.element(cell).toHaveAttribute('title', 'Unknown tool');
  expect(cell.element().querySelector('svg')).not.toBeNull();
});

test('ordinary success has no glyph', async () => {
  const screen = await render(<ExchangeCell exchange={exchange} column="status" />);
  expect(screen.getByRole('gridcell').element().querySelector('svg')).toBeNull();
});

test('a pending call counts up by itself', async () => {
  const pending: ExchangeSummary = { ...exchange, status: 'pending' };
  delete pending.durationMs;
  const screen = await render(<ExchangeCell exchange={pending} column="duration" />);
  const cell = screen.getByRole('gridcell').element();
  const before = cell.textContent;
  await expect.poll(() => cell.textContent).not.toBe(before);
});

test('the direction has a name', async () => {
  const screen = await render(<ExchangeCell exchange={{ ...exchange, direction: 'fromServer' }} column="direction" />);
  await expect.element(screen.getByRole('img', { name: 'from the server' })).toBeInTheDocument();
});

test('a cell is cut off only where its text may not fit', async () => {
  const cellOf = async (target: string, room: number | undefined) => {
    const screen = await render(<ExchangeCell exchange={{ ...exchange, target }} column="target" room={room} />);
    const { className } = screen.getByRole('gridcell').element();
    await screen.unmount();
    return className;
  };
  expect(await cellOf('search_code', 200)).toBe('c-target');
  expect(await cellOf('a_tool_with_a_name_of_many_more_letters', 200)).toBe('c-target clip');
  expect(await cellOf('search_code', undefined)).toBe('c-target clip');
});
