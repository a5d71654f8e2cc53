/** What a person set for the window; kept by the host so that every window agrees. Each is applied by the renderer (`src/renderer/state`). */
import { z } from 'zod';

export const Preferences = z.object({
  theme: z.enum(['system', 'light', 'dark', 'contrast']),
  density: z.enum(['compact', 'comfortable']),
  timeFormat: z.enum(['clock', 'relative', 'delta']),
  detailDock: z.enum(['auto', 'right', 'bottom']),
  /** Columns of the table in order; absent columns are hidden. Empty: the columns that fit the pane. */
  columns: z.array(z.object({ id: z.string().max(40), width: z.number().int().min(20).max(2000).optional() })).max(40),
  /** Sizes of panes in per cent, by the name of their group. */
  panes: z.record(z.string().max(40), z.array(z.number()).max(8)),
  savedFilters: z.array(z.object({ name: z.string().max(80), text: z.string().max(4000) })).max(100),
});
export type Preferences = z.infer<typeof Preferences>;

export const defaultPreferences: Preferences = {
  theme: 'system',
  density: 'compact',
  timeFormat: 'clock',
  detailDock: 'auto',
  columns: [],
  panes: {},
  savedFilters: [],
};
