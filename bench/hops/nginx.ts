/** nginx as the upstream that is never the bottleneck, and as the reverse proxy that shows what native code reaches. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { answerTo, idField } from '../load/message.ts';
import type { Running, Stand } from '../stand.ts';
import { findTool } from '../tools.ts';

export interface NginxServer {
  readonly url: string;
  readonly process: Running;
}

/** Answers every request with the fixed answer, to the id that a field names. Undefined where nginx is not installed. */
export function nginxUpstream(stand: Stand): Promise<NginxServer | undefined> {
  const location = `location / { default_type application/json; return 200 '${answerTo('$answer_id')}'; }`;
  const field = `$http_${idField.toLowerCase().replaceAll('-', '_')}`;
  return startNginx(stand, 'nginx-upstream', location, `map ${field} $answer_id { default 1; "~^[0-9]+$" ${field}; }`);
}

/** Forwards everything with kept connections and without buffering answers, as one would for SSE. */
export function nginxHop(stand: Stand, upstreamUrl: string): Promise<NginxServer | undefined> {
  const { host } = new URL(upstreamUrl);
  const location =
    'location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; proxy_read_timeout 1h; }';
  return startNginx(stand, 'nginx', location, `upstream behind { server ${host}; keepalive 256; keepalive_requests 1000000000; }`);
}

async function startNginx(stand: Stand, name: string, location: string, before = ''): Promise<NginxServer | undefined> {
  const nginx = findTool('nginx');
  if (nginx === undefined) {
    stand.note('nginx is not installed: the upstream is Node (slower than some hops), and the native reference is missing.');
    return undefined;
  }
  const dir = stand.newDir(name);
  const port = await freePort();
  const config = join(dir, 'nginx.conf');
  mkdirSync(join(dir, 'temp'));
  writeFileSync(config, nginxConfig({ dir, port, location, before }));
  const process = stand.start({ name, command: nginx, args: ['-p', dir, '-e', 'stderr', '-c', config], cwd: dir });
  await listening(port, process);
  return { url: `http://127.0.0.1:${port}/mcp`, process };
}

/** One process without a master, so that it is stopped by its pid and its CPU time is all there is. */
function nginxConfig({ dir, port, location, before }: { dir: string; port: number; location: string; before: string }): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${dir}/temp/${kind};`).join(' ');
  return `
daemon off; master_process off; worker_processes 1; pid ${dir}/nginx.pid; error_log stderr error;
events { worker_connections 2048; }
http {
  access_log off; ${temp}
  keepalive_timeout 1h; keepalive_requests 1000000000; tcp_nodelay on;
  ${before}
  server { listen 127.0.0.1:${port} backlog=1024; server_name _; ${location} }
}
`;
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Resolves when the process takes connections. */
export async function listening(port: number, process: Running): Promise<void> {
  const deadlineAt = performance.now() + 10_000;
  while (performance.now() < deadlineAt && process.child.exitCode === null) {
    const isOpen = await new Promise<boolean>(resolve => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise(resolve => setTimeout(resolve, 25));
  }
  throw new Error(`${process.name} did not start: ${process.stderr().slice(-1_000)}`);
}
