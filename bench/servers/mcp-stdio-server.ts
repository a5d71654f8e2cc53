/** A legacy MCP server over stdio with one tool: what bridges to HTTP start. */
import { answerFor } from './mcp-answers.ts';

let rest = '';

process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  const answers = lines.flatMap(line => (line.trim() === '' ? [] : [answerFor(line)])).filter(answer => answer !== undefined);
  if (answers.length > 0) process.stdout.write(`${answers.join('\n')}\n`);
});
process.stdin.on('end', () => process.exit(0));
