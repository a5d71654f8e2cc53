/** The least a relay in Node can do: start the server, pump bytes both ways, understand nothing. */
import { spawn } from 'node:child_process';

const [command = '', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
child.stdin.on('error', () => undefined);
process.stdin.pipe(child.stdin);
child.stdout.pipe(process.stdout);
child.once('exit', code => process.exit(code ?? 1));
process.once('SIGTERM', () => child.kill('SIGTERM'));
