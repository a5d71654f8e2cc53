/** The glyph beside a state. A word beside it says the same, so it is hidden from readers. */
import {
  Activity,
  CircleCheck,
  CircleMinus,
  CircleOff,
  Contrast,
  FileCog,
  HeartPulse,
  Power,
  SquareTerminal,
  Unplug,
  UserRound,
  Wrench,
  type LucideIcon,
} from 'lucide-react';
import type { ChangeGlyph } from './change-look.ts';
import type { StateGlyph as StateGlyphName } from './trouble.ts';

const icons: Readonly<Record<ChangeGlyph | StateGlyphName, LucideIcon>> = {
  closed: CircleCheck,
  'half-open': Contrast,
  open: CircleMinus,
  isolated: Unplug,
  disabled: CircleOff,
  health: HeartPulse,
  process: SquareTerminal,
  tool: Wrench,
  file: FileCog,
  person: UserRound,
  gateway: Power,
  session: Activity,
};

export function StateGlyph({ glyph, isSmall = false }: { readonly glyph: ChangeGlyph | StateGlyphName; readonly isSmall?: boolean }) {
  const Icon = icons[glyph];
  return <Icon className={isSmall ? 'i s' : 'i'} aria-hidden="true" />;
}
