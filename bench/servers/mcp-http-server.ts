/** A legacy MCP server over Streamable HTTP with one tool, no sessions and no GET stream: what bridges from stdio dial. */
import { createServer } from 'node:http';
import { announce } from './announce.ts';
import { answerFor } from './mcp-answers.ts';

announce(
  createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      // Whoever looks for an authorization server finds none.
      if (request.url !== '/mcp') return response.writeHead(404, { 'Content-Length': 0 }).end();
      if (request.method !== 'POST') return response.writeHead(405, { Allow: 'POST', 'Content-Length': 0 }).end();
      const answer = answerFor(Buffer.concat(chunks).toString('utf8'));
      if (answer === undefined) return response.writeHead(202, { 'Content-Length': 0 }).end();
      const body = Buffer.from(answer);
      return response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
    });
  }),
);
