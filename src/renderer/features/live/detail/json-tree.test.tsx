/** The tree of a payload in a real browser: folding by pointer and keys, bounded elements, paths. */
import { expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-react';
import { JsonTree } from './json-tree.tsx';

/** The tree fills its parent and draws what is in sight, so it needs the room that the window gives it. */
function inPane(value: unknown) {
  return (
    <div style={{ height: '400px', display: 'flex', flexDirection: 'column' }}>
      <style>
        {'.tree { flex: 1; overflow: auto; min-height: 0 } .tree-lines { position: relative } .jl { position: absolute; height: 20px }'}
      </style>
      <JsonTree title="Response" value={value} />
    </div>
  );
}

test('folds and unfolds by keys', async () => {
  const screen = await render(inPane({ result: { content: [{ type: 'text' }] } }));
  const tree = screen.getByRole('tree', { name: 'Response' });
  await expect.poll(() => tree.element().textContent).toContain('type: "text"');
  (tree.element() as HTMLElement).focus();
  await userEvent.keyboard('{ArrowDown}{ArrowDown}{ArrowLeft}');
  await expect.poll(() => tree.element().textContent).not.toContain('type: "text"');
  await userEvent.keyboard('{ArrowRight}');
  await expect.poll(() => tree.element().textContent).toContain('type: "text"');
});

test('a text that is JSON unfolds and tells its path', async () => {
  const screen = await render(inPane({ text: '{"status":403}' }));
  await screen.getByText('JSON in text', { exact: false }).click();
  await screen.getByText('status', { exact: true }).click();
  await expect.element(screen.getByText('text.status')).toBeInTheDocument();
});

test('a large value makes only the lines in sight', async () => {
  const value = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`key${at}`, Array.from({ length: 150 }, () => at)]));
  const screen = await render(inPane(value));
  await expect.poll(() => screen.getByRole('tree').element().textContent).toContain('key0');
  expect(screen.container.querySelectorAll('.jl').length).toBeLessThan(100);
});

test('a text that would turn its line around is shown with its codes', async () => {
  const screen = await render(inPane({ 'na\u202Eme': 'safe\u200B\u202Eelif' }));
  await expect.poll(() => screen.getByRole('tree').element().textContent).toContain('na‹U+202E›me: "safe‹U+200B›‹U+202E›elif"');
});
