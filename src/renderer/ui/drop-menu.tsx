/** A menu under a button. */
import { Menu } from '@base-ui/react/menu';
import { Check, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

interface DropMenuProps {
  readonly icon: LucideIcon;
  readonly label: string;
  readonly children: ReactNode;
}

export function DropMenu({ icon: Icon, label, children }: DropMenuProps) {
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className="btn plain icon" aria-label={label} title={label}>
        <Icon className="i" aria-hidden="true" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4} className="menu-place">
          <Menu.Popup className="menu" aria-label={label}>
            {children}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

export function MenuItem({ onPick, children }: { readonly onPick: () => void; readonly children: ReactNode }) {
  return (
    <Menu.Item className="menu-item" onClick={onPick}>
      <span className="menu-tick" />
      {children}
    </Menu.Item>
  );
}

interface MenuCheckProps {
  readonly isChecked: boolean;
  readonly onChange: () => void;
  readonly children: ReactNode;
}

export function MenuCheck({ isChecked, onChange, children }: MenuCheckProps) {
  return (
    <Menu.CheckboxItem className="menu-item" checked={isChecked} onCheckedChange={onChange} closeOnClick={false}>
      <span className="menu-tick">
        <Menu.CheckboxItemIndicator>
          <Check className="i s" aria-hidden="true" />
        </Menu.CheckboxItemIndicator>
      </span>
      {children}
    </Menu.CheckboxItem>
  );
}

export function MenuLine() {
  return <Menu.Separator className="menu-line" />;
}
