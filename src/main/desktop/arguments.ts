/** The desktop app's command line: `--data-dir D`. Everything else there is Electron's and Chromium's own. */

/** The data directory a person named, as `--data-dir D` or `--data-dir=D`. */
export function namedDataDir(argv: readonly string[]): string | undefined {
  const at = argv.findIndex(word => word === '--data-dir' || word.startsWith('--data-dir='));
  const word = argv[at];
  if (word === undefined) return undefined;
  return word === '--data-dir' ? argv[at + 1] : word.slice('--data-dir='.length);
}
