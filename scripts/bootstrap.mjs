/**
 * The way in for a fresh machine: `npm start`, `npm test` and `npm run bench` end here. Sets up what is
 * missing, then runs the real thing on the project's own Node. Plain JavaScript without dependencies,
 * because it must run on Node 20 in a clone where nothing is installed yet.
 */
import { bench } from './bootstrap/bench.mjs';
import { SetupError } from './bootstrap/errors.mjs';
import { start } from './bootstrap/start.mjs';
import { test } from './bootstrap/test.mjs';

const commands = { start, test, bench };
const [name = 'start', ...args] = process.argv.slice(2);

if (!Object.hasOwn(commands, name)) {
  process.stderr.write(`Unknown command "${name}". Use one of: ${Object.keys(commands).join(', ')}\n`);
  process.exit(2);
}

try {
  process.exitCode = await commands[name](args);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.details}\n\nshadowcat: ${error.message}\n  Next step: ${error.nextStep}\n`);
  process.exitCode = 1;
}
