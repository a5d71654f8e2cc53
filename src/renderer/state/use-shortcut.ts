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
    // The produced character, so that other keyboard layouts work; the space bar is the same on all, and no character to match.
    useKey: name !== 'pause',
    // Where `?`, `/`, `[` or `\\` sit is the layout's business, and so is whether Shift or AltGr makes them.
    ignoreModifiers: isSign(keys),
    enabled: isEnabled && (isFree || alsoWhileTyping),
    enableOnFormTags: alsoWhileTyping,
    preventDefault: true,
    // Enter and Space belong to the button that has the focus, arrows to menus and tabs.
    ignoreEventWhen: event => (isSign(keys) && isCommand(event)) || (!alsoWhileTyping && belongsToControl(event)),
  });
}

function isSign(keys: string): boolean {
  return /^[^\w\s]$/.test(keys);
}

/** Ctrl, ⌘ or Alt held on purpose; AltGr reports Ctrl and Alt too, but only writes. */
function isCommand(event: KeyboardEvent): boolean {
  return (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState('AltGraph');
}

function belongsToControl(event: KeyboardEvent): boolean {
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  if (event.key === 'Enter' || event.key === ' ')
    return target.closest('button, a, summary, [role=menuitem], [role=menuitemcheckbox], [role=treeitem], [role=separator]') !== null;
  if (/^(?:Arrow|Home|End|Page)/.test(event.key))
    return target.closest('[role=tree], [role=tablist], [role=menu], [role=separator], [role=listbox], .scroll-keys') !== null;
  if (event.key === 'Escape') return target.closest('[role=menu]') !== null;
  return false;
}
