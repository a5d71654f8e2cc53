/** The environment of a server that we start: what programs need to run at all, and what the configuration gives. */

/** What the SDKs' clients pass on, and what Windows programs cannot start without. Nothing else of ours is a server's business. */
const passedOn = {
  posix: ['HOME', 'LANG', 'LC_ALL', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'USER'],
  windows: [
    'APPDATA',
    'COMSPEC',
    'HOMEDRIVE',
    'HOMEPATH',
    'LOCALAPPDATA',
    'PATH',
    'PATHEXT',
    'PROCESSOR_ARCHITECTURE',
    'PROGRAMFILES',
    'SYSTEMDRIVE',
    'SYSTEMROOT',
    'TEMP',
    'TMP',
    'USERNAME',
    'USERPROFILE',
  ],
} as const;

/** `own`: the environment of this process. `configured` wins. Names on Windows have no case. */
export function childEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  configured: Readonly<Record<string, string>>,
  isWindows: boolean,
): Record<string, string> {
  const names = new Set<string>(isWindows ? passedOn.windows : passedOn.posix);
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    // A value that begins so is a shell function, which no program needs and old shells execute.
    if (value !== undefined && names.has(isWindows ? name.toUpperCase() : name) && !value.startsWith('()')) env[name] = value;
  }
  for (const [name, value] of Object.entries(configured)) {
    if (isWindows) for (const known of Object.keys(env)) if (known.toUpperCase() === name.toUpperCase()) delete env[known];
    env[name] = value;
  }
  return env;
}
