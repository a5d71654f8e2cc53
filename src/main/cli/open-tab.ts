/** Opens an address in the person's own browser. */
import { spawn } from 'node:child_process';
import type { Screen } from './screen.ts';

/** Says so where no browser can be opened; the address was printed anyway. */
export function openTab(url: string, screen: Screen): void {
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
  if (!hasDisplay) return;
  const [command, ...args] = opener();
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  child.once('error', () => screen.remark('No browser could be opened from here; open the address above.'));
  child.unref();
}

function opener(): [string, ...string[]] {
  if (process.platform === 'darwin') return ['open'];
  return process.platform === 'win32' ? ['rundll32', 'url.dll,FileProtocolHandler'] : ['xdg-open'];
}
