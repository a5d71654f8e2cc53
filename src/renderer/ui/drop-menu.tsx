/** A menu under a button, on the browser's own popover: a click elsewhere and Escape close it, arrow keys move in it. */
import { Check, type LucideIcon } from 'lucide-react';
import { useId, useRef, type KeyboardEvent, type ReactNode } from 'react';

interface DropMenuProps {
  readonly icon: LucideIcon;
  readonly label: string;
  /** Beside the icon; without it the button shows only that. */
  readonly text?: string;
  readonly children: ReactNode;
}

export function DropMenu({ icon: Icon, label, text, children }: DropMenuProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const items = () => [...(menu.current?.querySelectorAll<HTMLElement>('button') ?? [])];

  const onKeyDown = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (event.key === 'ArrowDown') all[(at + 1) % all.length]?.focus();
    else if (event.key === 'ArrowUp') all[(at - 1 + all.length) % all.length]?.focus();
    else if (event.key === 'Home') all[0]?.focus();
    else if (event.key === 'End') all.at(-1)?.focus();
    else if (event.key === 'Tab') menu.current?.hidePopover();
    else return;
    event.preventDefault();
  };
  return (
    <span className="menu-place">
      <button
        ref={button}
        type="button"
        className={text === undefined ? 'btn plain icon' : 'btn'}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        popoverTarget={id}
      >
        <Icon className="i" aria-hidden="true" />
        {text}
      </button>
      <div
        ref={menu}
        id={id}
        popover="auto"
        className="menu"
        role="menu"
        aria-label={label}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        onToggle={event => {
          if (event.newState !== 'open') return;
          place(event.currentTarget, button.current);
          items()[0]?.focus();
        }}
      >
        {children}
      </div>
    </span>
  );
}

/** Under its button, right edges aligned, never outside the window. */
function place(menu: HTMLElement, button: HTMLElement | null): void {
  const at = button?.getBoundingClientRect();
  if (at === undefined) return;
  menu.style.setProperty('top', `${at.bottom + 4}px`);
  menu.style.setProperty('left', `${Math.max(8, at.right - menu.offsetWidth)}px`);
}

export function MenuItem({ onPick, children }: { readonly onPick: () => void; readonly children: ReactNode }) {
  return (
    <button
      type="button"
      role="menuitem"
      className="menu-item"
      tabIndex={-1}
      onClick={event => {
        event.currentTarget.closest<HTMLElement>('[popover]')?.hidePopover();
        onPick();
      }}
    >
      <span className="menu-tick" />
      {children}
    </button>
  );
}

interface MenuCheckProps {
  readonly isChecked: boolean;
  readonly onChange: () => void;
  readonly children: ReactNode;
}

export function MenuCheck({ isChecked, onChange, children }: MenuCheckProps) {
  return (
    <button type="button" role="menuitemcheckbox" aria-checked={isChecked} className="menu-item" tabIndex={-1} onClick={onChange}>
      <span className="menu-tick">{isChecked && <Check className="i s" aria-hidden="true" />}</span>
      {children}
    </button>
  );
}

export function MenuLine() {
  return <hr className="menu-line" />;
}
