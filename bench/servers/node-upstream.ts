/** An MCP server reduced to one answer, in Node. `--delay MS` lets it think first; nginx takes its place where no delay is wanted. */
import { createServer } from 'node:http';
import { answerBody, answerTo, idField } from '../load/message.ts';
import { announce } from './announce.ts';

const delayMs = process.argv[2] === '--delay' ? Number(process.argv[3]) : 0;
const fixed = Buffer.from(answerBody);
const field = idField.toLowerCase();

announce(
  createServer((request, response) => {
    const id = request.headers[field];
    const body = typeof id === 'string' && /^\d+$/.test(id) ? Buffer.from(answerTo(id)) : fixed;
    const answer = () => response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
    request.resume().on('end', () => (delayMs === 0 ? answer() : setTimeout(answer, delayMs)));
  }),
);
