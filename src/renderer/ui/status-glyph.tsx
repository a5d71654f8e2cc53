/** The glyph beside a status word. The word says the same, so the glyph is hidden from readers. */
import { CircleDashed, CircleSlash, CircleX, Clock, Radio, ShieldX, TriangleAlert, Unplug, type LucideIcon } from 'lucide-react';
import type { Glyph } from '../state/status-look.ts';

const icons: Readonly<Record<Exclude<Glyph, 'none'>, LucideIcon>> = {
  alert: TriangleAlert,
  error: CircleX,
  wait: CircleDashed,
  cancel: CircleSlash,
  late: Clock,
  deny: ShieldX,
  silent: Unplug,
  stream: Radio,
};

export function StatusGlyph({ glyph }: { readonly glyph: Glyph }) {
  if (glyph === 'none') return null;
  const Icon = icons[glyph];
  return <Icon className="i s" aria-hidden="true" />;
}
