/** The Chromium that draws the double's windows: without a window of its own, with its DevTools on a free port. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { browserFlags, findBrowser } from '../../scripts/find-browser.mjs';

export interface Chromium {
  readonly devToolsUrl: string;
  stop(): void;
}

/** Starts Chromium. It ends with this process even when that is killed: its guard waits for our end of a pipe. */
export async function startChromium(): Promise<Chromium> {
  const browser = findBrowser();
  if (browser === undefined) throw new Error('The test double of Electron needs a Chromium: set CHROME_PATH');
  const profile = mkdtempSync(join(tmpdir(), 'electron-double-'));
  const flags = [
    ...browserFlags(),
    '--headless=new',
    '--no-startup-window',
    '--disable-features=HttpsUpgrades',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
  ];
  const guard = 'profile=$1; shift; "$@" <&- & browser=$!; read -r _; kill -9 $browser; wait $browser 2>/dev/null; rm -rf "$profile"';
  const child = spawn('sh', ['-c', guard, 'guard', profile, browser, ...flags], { stdio: ['pipe', 'ignore', 'pipe'] });
  const devToolsUrl = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', line => {
      const found = /^DevTools listening on (ws:\/\/.*)$/.exec(line);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    child.once('exit', code => reject(new Error(`${browser} ended with ${code} before it listened`)));
  });
  return {
    devToolsUrl,
    stop() {
      child.stdin.end();
      child.unref();
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
