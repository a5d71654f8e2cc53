/** The editor in a real browser: it styles itself without a style element, tells what is typed, and takes over what changed elsewhere. */
import { expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-react';
import { workbenchDouble } from '../../../../test/kit/workbench-double.ts';
import type { ConfigDraft } from '../../../shared/model/config-draft.ts';
import { FilePane } from './file-pane.tsx';

const read = (text: string, problems: ConfigDraft['problems'] = []) => ({ text, problems, warnings: [] }) as unknown as ConfigDraft;

test('typing is told, another text is taken over, problems are marked at their line', async () => {
  const told: string[] = [];
  const { around } = workbenchDouble({ 'config.schema': () => ({ schema: {} }) });
  const pane = (text: string, found: ConfigDraft) =>
    around(
      <div style={{ height: 300, display: 'flex' }}>
        <FilePane text={text} read={found} lines={{ from: 2, to: 2 }} wanted={undefined} onText={text => told.push(text)} />
      </div>,
    );
  const screen = await render(pane('version: 1\n', read('version: 1\n')));
  const editor = screen.getByRole('textbox', { name: 'Configuration as YAML' });
  await editor.click();
  await userEvent.keyboard('{Control>}{End}{/Control}a: ?');
  expect(told.at(-1)).toBe('version: 1\na: ?');

  const root = document.querySelector('.yaml')?.shadowRoot;
  expect(root?.querySelectorAll('style')).toHaveLength(0);
  expect(root?.adoptedStyleSheets.length).toBeGreaterThan(0);

  const problem = { line: 2, column: 4, path: 'a', message: 'Wrong.' };
  await screen.rerender(pane('version: 1\na: ? # b', read('version: 1\na: ? # b', [problem])));
  await expect.poll(() => editor.element().textContent).toContain('a: ? # b');
  await expect.poll(() => root?.querySelector('.cm-lintRange-error')?.textContent).toBe('?');
  expect(root?.querySelectorAll('.cm-policy')).toHaveLength(1);
  expect(told).toHaveLength('a: ?'.length);
});

test('keys that are typed stay in the editor; those with Ctrl go on to the window', async () => {
  const heard: string[] = [];
  const listen = (event: KeyboardEvent) => heard.push(event.key);
  document.addEventListener('keydown', listen);
  const { around } = workbenchDouble({});
  const screen = await render(around(<FilePane text="" read={undefined} lines={undefined} wanted={undefined} onText={() => {}} />));
  await screen.getByRole('textbox').click();
  await userEvent.keyboard('/?{Control>}k{/Control}');
  document.removeEventListener('keydown', listen);
  expect(heard.filter(key => key !== 'Control')).toEqual(['k']);
});

test('a file keeps its line ends', async () => {
  const told: string[] = [];
  const { around } = workbenchDouble();
  const text = 'version: 1\r\nlimits: []\r\n';
  const screen = await render(
    around(<FilePane text={text} read={undefined} lines={undefined} wanted={undefined} onText={next => told.push(next)} />),
  );
  await screen.getByRole('textbox').click();
  expect(told).toEqual([]);
  await userEvent.keyboard('{Control>}{End}{/Control}x');
  expect(told).toEqual([`${text}x`]);
});
