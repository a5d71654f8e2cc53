/** The filter field in a real browser, in front of a host that answers when a test lets it. */
import { expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-react';
import { FakeHost } from '../../../../test/kit/fake-host.ts';
import { WorkbenchContext } from '../../state/use-workbench.ts';
import { workbench } from '../../state/workbench.ts';
import { FilterInput } from './filter-input.tsx';

test('Tab takes what fits what stands there now, not what fitted a letter ago', async () => {
  const asked: string[] = [];
  const host = new FakeHost({
    // The answer to the second letter never comes.
    'filter.values': ({ prefix }) => {
      asked.push(prefix);
      return prefix === '' ? { values: ['echo', 'boom'] } : new Promise<never>(() => {});
    },
    'filter.read': () => ({ kind: 'ok', sentence: '' }),
  });
  const bench = workbench(host, document.createElement('div'));
  const screen = await render(
    <WorkbenchContext value={bench}>
      <FilterInput />
    </WorkbenchContext>,
  );
  const field = screen.getByRole('combobox', { name: 'Filter rows' });

  await userEvent.type(field, 'tool:');
  await expect.element(screen.getByRole('option', { name: 'echo' })).toBeVisible();
  await userEvent.type(field, 'b');
  await expect.poll(() => asked).toContain('b');
  await userEvent.keyboard('{Tab}');

  await expect.element(screen.getByRole('button', { name: 'Remove tool:boom' })).toBeVisible();
});
