/** Runs a child process the way a shell would: same terminal, signals passed on, exit code or signal handed back. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs until the child ends and resolves to its exit code (128 + n for a signal, as shells do).
 * `quiet` keeps all output and returns it; `onErrorText` hears what goes to standard error, which is shown all the same.
 */
export function run(command, args, { cwd, env = process.env, quiet = false, shell = false, onSpawn, onErrorText } = {}) {
  return new Promise((done, fail) => {
    const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['inherit', 'inherit', onErrorText === undefined ? 'inherit' : 'pipe'];
    const child = spawn(command, args, { cwd, env, stdio, shell, windowsHide: true });
    const stopForwarding = forwardSignals(child);
    onSpawn?.(child);
    let output = '';
    if (quiet) for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (output += text));
    else if (onErrorText !== undefined)
      child.stderr.setEncoding('utf8').on('data', text => {
        process.stderr.write(text);
        onErrorText(text);
      });
    child.once('error', error => {
      stopForwarding();
      fail(error);
    });
    child.once('close', (code, signal) => {
      stopForwarding();
      done({ code: code ?? 128 + (constants.signals[signal] ?? 0), signal, output });
    });
  });
}

/** Passes termination requests on to a child for as long as it lives. */
export function forwardSignals(child) {
  const handlers = passedOn.map(signal => {
    const handler = () => {
      // A terminal sends Ctrl-C to the whole foreground group; passing it on would count as a second one.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => handlers.forEach(stop => stop());
}
