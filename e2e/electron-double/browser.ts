/** The one connection to Chromium that all parts of the double share; opened by `launch.ts` before anything else runs. */
import type { Cdp, Session } from './cdp.ts';
import type { Chromium } from './chromium.ts';

let current: { readonly cdp: Cdp; readonly chromium: Chromium } | undefined;

export function shareBrowser(cdp: Cdp, chromium: Chromium): void {
  current = { cdp, chromium };
}

export function browserSession(sessionId?: string): Session {
  if (current === undefined) throw new Error('The double was not started by its executable');
  return current.cdp.session(sessionId);
}

export function stopBrowser(): void {
  current?.cdp.close();
  current?.chromium.stop();
  current = undefined;
}
