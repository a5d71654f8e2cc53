/**
 * Once its client is ready, asks it 300 things at once, whether it listens or not, and takes the newest one back when told to. Its
 * tool says what it has heard.
 */
import { createInterface } from 'node:readline';
import { answersTo, type Message } from './tool-answers.ts';

export const QUESTION_COUNT = 300;
const heard: string[] = [];
const say = (message: object) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

async function take(message: Message, line: string): Promise<void> {
  const { id, method, params } = message;
  if (method === undefined) heard.push(line);
  else if (method === 'notifications/initialized')
    for (let at = 0; at < QUESTION_COUNT; at += 1) say({ id: `q${at}`, method: 'roots/list' });
  else if (method === 'notifications/take-back')
    say({ method: 'notifications/cancelled', params: { requestId: `q${QUESTION_COUNT - 1}` } });
  else if (method === 'tools/call' && params?.['name'] === 'heard')
    say({ id, result: { content: [{ type: 'text', text: JSON.stringify(heard) }] } });
  else for (const answer of await answersTo(message)) say(answer);
}

if (process.argv[1] === import.meta.filename) {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', line => void take(JSON.parse(line) as Message, line));
  lines.on('close', () => process.exit(0));
}
