/** The peer: http-proxy-3, the maintained heir of the proxy that most of Node uses, with kept connections. */
import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'http-proxy-3';
import { announce } from './announce.ts';

const { origin } = new URL(process.argv[2] ?? '');
const proxy = createProxyServer({ target: origin, agent: new Agent({ keepAlive: true, maxSockets: Infinity }) });
proxy.on('error', (_error, _request, response) => {
  response.destroy();
});

announce(createServer((request, response) => proxy.web(request, response)));
