/** The tool server over stdio. Appends every line it received to the file in `TOOL_SERVER_LOG`, with the names of its environment. */
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { answersTo, type Message } from './tool-answers.ts';

const logFile = process.env['TOOL_SERVER_LOG'];
const note = (line: string) => {
  if (logFile !== undefined) appendFileSync(logFile, `${line}\n`);
};
note(JSON.stringify({ environment: Object.keys(process.env).toSorted(), pid: process.pid }));

const lines = createInterface({ input: process.stdin });
lines.on('line', line => {
  note(line);
  const message = JSON.parse(line) as Message | Message[];
  const asked = Array.isArray(message) ? message : [message];
  void Promise.all(asked.map(one => answersTo(one))).then(answers => {
    for (const answer of answers.flat()) process.stdout.write(`${JSON.stringify(answer)}\n`);
  });
});
lines.on('close', () => process.exit(0));
