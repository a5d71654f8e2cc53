/** Command lines that the window shows for copying. */

/** `dataDir` is named only where it is not the usual one; clients start servers with almost no environment. */
export function hostCommands(parts: { node: string; shim: string; dataDir: string; usualDataDir: string }): {
  wrap: string;
  proxy: string;
} {
  const where = parts.dataDir === parts.usualDataDir ? [] : ['--data-dir', parts.dataDir];
  return {
    // Absolute, because clients neither know our directory nor share our PATH.
    wrap: line([parts.node, parts.shim, ...where, '--']),
    proxy: line(['npx', 'shadowcat', 'proxy', ...where, '--upstream', 'URL']),
  };
}

function line(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

/** For a POSIX shell, where a word needs it; on Windows double quotes, which a path cannot contain. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./\\-]+$/.test(word)) return word;
  return process.platform === 'win32' ? `"${word}"` : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
