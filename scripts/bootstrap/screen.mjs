/** Progress for people: one line when a step begins, its time when it ends, its output only when it fails. */
import { SetupError } from './errors.mjs';

export const say = text => process.stdout.write(`${text}\n`);

/** Runs one set-up step with its name and time on screen. */
export async function step(title, work) {
  const startedAt = Date.now();
  process.stdout.write(`• ${title} … `);
  try {
    const result = await work();
    process.stdout.write(`${seconds(Date.now() - startedAt)}\n`);
    return result;
  } catch (error) {
    process.stdout.write('failed\n');
    throw error;
  }
}

export const seconds = ms => `${(ms / 1000).toFixed(1)} s`;

/** Stops with a next step; the end of a quiet child's output is shown above it. */
export function stopWith(output, message, nextStep) {
  throw new SetupError(message, nextStep, output.trimEnd().split('\n').slice(-60).join('\n'));
}
