/** Every key of the window, once: the handlers, the cheat sheet and the settings page read this list. */

export interface Shortcut {
  /** As react-hotkeys-hook writes it; matched on the produced character, so that layouts other than US work. */
  readonly keys: string;
  /** As a person reads it. */
  readonly shown: readonly string[];
  readonly does: string;
  readonly group: 'Everywhere' | 'Rows' | 'Detail' | 'Sessions';
}

const mod = /Mac|iP(?:hone|ad)/.test(navigator.userAgent) ? '⌘' : 'Ctrl';

export const shortcuts = {
  palette: { keys: 'mod+k', shown: [mod, 'K'], does: 'Commands and search', group: 'Everywhere' },
  live: { keys: 'mod+1', shown: [mod, '1'], does: 'Live', group: 'Everywhere' },
  sessions: { keys: 'mod+2', shown: [mod, '2'], does: 'Sessions', group: 'Everywhere' },
  policies: { keys: 'mod+3', shown: [mod, '3'], does: 'Policies', group: 'Everywhere' },
  limits: { keys: 'mod+4', shown: [mod, '4'], does: 'Limits and upstreams', group: 'Everywhere' },
  settings: { keys: 'mod+5', shown: [mod, '5'], does: 'Settings', group: 'Everywhere' },
  filter: { keys: '/', shown: ['/'], does: 'Filter, or search sessions', group: 'Everywhere' },
  cheatSheet: { keys: '?', shown: ['?'], does: 'All keys', group: 'Everywhere' },
  pause: { keys: 'space', shown: ['Space'], does: 'Pause or resume the view', group: 'Rows' },
  follow: { keys: 'f', shown: ['F'], does: 'Follow the newest row', group: 'Rows' },
  down: { keys: 'j, ArrowDown', shown: ['J', '↓'], does: 'Next row', group: 'Rows' },
  up: { keys: 'k, ArrowUp', shown: ['K', '↑'], does: 'Previous row', group: 'Rows' },
  first: { keys: 'g, Home', shown: ['G', 'Home'], does: 'First row', group: 'Rows' },
  last: { keys: 'shift+g, End', shown: ['⇧G', 'End'], does: 'Last row', group: 'Rows' },
  pageDown: { keys: 'PageDown', shown: ['Page ↓'], does: 'A page down', group: 'Rows' },
  pageUp: { keys: 'PageUp', shown: ['Page ↑'], does: 'A page up', group: 'Rows' },
  open: { keys: 'enter', shown: ['Enter'], does: 'Open the row', group: 'Rows' },
  back: { keys: 'escape', shown: ['Esc'], does: 'Close the detail', group: 'Rows' },
  nextError: { keys: 'n', shown: ['N'], does: 'Next error', group: 'Rows' },
  previousError: { keys: 'shift+n', shown: ['⇧N'], does: 'Previous error', group: 'Rows' },
  mode: { keys: 'shift+f', shown: ['⇧F'], does: 'One row per exchange or per frame', group: 'Rows' },
  timeFormat: { keys: 't', shown: ['T'], does: 'Time of day, age or step', group: 'Rows' },
  copy: { keys: 'c', shown: ['C'], does: 'Copy request and response', group: 'Rows' },
  split: { keys: '\\', shown: ['\\'], does: 'Request beside or above response', group: 'Detail' },
  previousFrame: { keys: '[', shown: ['['], does: 'Previous frame of the exchange', group: 'Detail' },
  nextFrame: { keys: ']', shown: [']'], does: 'Next frame of the exchange', group: 'Detail' },
  tabs: { keys: '1, 2, 3, 4, 5', shown: ['1', '…', '5'], does: 'Tree, Raw, Headers, Timing, Related', group: 'Detail' },
  rename: { keys: 'e, F2', shown: ['E', 'F2'], does: 'Rename the session', group: 'Sessions' },
  mark: { keys: 'x', shown: ['X'], does: 'Select the session', group: 'Sessions' },
  remove: { keys: 'Delete, Backspace', shown: ['Del'], does: 'Delete what is selected', group: 'Sessions' },
} as const satisfies Record<string, Shortcut>;

export type ShortcutName = keyof typeof shortcuts;
