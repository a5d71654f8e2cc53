/** A button that shows only an icon; its label is its name and its tooltip. */
import type { LucideIcon } from 'lucide-react';
import type { ComponentProps } from 'react';
import { cn } from './cn.ts';

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children' | 'aria-label' | 'title'> {
  readonly icon: LucideIcon;
  readonly label: string;
  /** Shown in the tooltip beside the label. */
  readonly keys?: string;
}

export function IconButton({ icon: Icon, label, keys, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      className={cn('btn plain icon', className)}
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keys})`}
      {...rest}
    >
      <Icon className="i" aria-hidden="true" />
    </button>
  );
}
