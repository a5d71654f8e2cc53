/** The asking server over standard streams. */
import { createInterface } from 'node:readline';
import { Asking } from './asking-server.ts';
import type { Message } from './tool-answers.ts';

const asking = new Asking();
const lines = createInterface({ input: process.stdin });
lines.on('line', line => void asking.take(JSON.parse(line) as Message, message => process.stdout.write(`${JSON.stringify(message)}\n`)));
lines.on('close', () => process.exit(0));
