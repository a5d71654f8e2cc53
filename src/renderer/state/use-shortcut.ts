/** Binds one key of the table to what it does. Quiet while a person types or an overlay is open. */
import { useHotkeys } from 'react-hotkeys-hook';
import { shortcuts, type ShortcutName } from './shortcuts.ts';
import { useWindow } from './use-workbench.ts';

interface Options {
  readonly isEnabled?: boolean;
  /** For keys with a modifier, which no text field needs. */
  readonly alsoWhileTyping?: boolean;
}

export function useShortcut(name: ShortcutName, run: (event: KeyboardEvent) => void, options: Options = {}): void {
  const { isEnabled = true, alsoWhileTyping = false } = options;
  const isFree = useWindow(state => state.overlay === 'none');
  const { keys } = shortcuts[name];
  useHotkeys(keys, run, {
    useKey: true,
    enabled: isEnabled && (isFree || alsoWhileTyping),
    enableOnFormTags: alsoWhileTyping,
    preventDefault: true,
    // Enter and Space belong to the button that has the focus, arrows to menus and tabs.
    ignoreEventWhen: event => !alsoWhileTyping && belongsToControl(event),
  });
}

function belongsToControl(event: KeyboardEvent): boolean {
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  if (event.key === 'Enter' || event.key === ' ') return target.closest('button, a, summary, [role=menuitem], [role=menuitemcheckbox], [role=treeitem], [role=separator]') !== null;
  if (/^(?:Arrow|Home|End|Page)/.test(event.key)) return target.closest('[role=tree], [role=tablist], [role=menu], [role=separator], [role=listbox], .scroll-keys') !== null;
  if (event.key === 'Escape') return target.closest('[role=menu]') !== null;
  return false;
}
