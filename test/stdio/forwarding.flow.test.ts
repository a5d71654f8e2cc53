/** What a client and a server notice of the shim between them: nothing. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fc } from '../kit/properties.ts';
import { isAlive } from '../kit/is-alive.ts';
import { scriptedServer, startWrapped, StdioClient, shimFile, tempDataDir, until } from '../kit/stdio-shim.ts';

test('checklist 21: bytes pass unchanged in both directions, however they are cut', async () => {
  using dir = tempDataDir();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 12 }), async chunks => {
      await using client = startWrapped(dir.path, ['cat']);
      for (const chunk of chunks) {
        client.write(chunk);
        await new Promise(setImmediate);
      }
      client.end();
      const exit = await client.exited;
      expect(exit).toMatchObject({ code: 0, signal: null });
      expect(client.stdout.equals(Buffer.concat(chunks))).toBe(true);
    }),
    { numRuns: 8, examples: [[[Buffer.from('{"t":"\u00e4\ud83d\ude00').subarray(0, 9), Buffer.from('x\r\n\n\nno end')]]] },
  );
});

test('checklist 22: the end of stdin is passed on, and the exit code is the server\u2019s', async () => {
  using dir = tempDataDir();
  await using client = startWrapped(dir.path, scriptedServer('--exit-code', '42'));
  await client.request('echo');
  const from = performance.now();
  client.end();
  expect(await client.exited).toMatchObject({ code: 42, signal: null });
  // It waits for the server as long as that takes, and not any longer.
  expect(performance.now() - from).toBeLessThan(10_000);
});

test('checklist 22: output of a server that goes on after the end of stdin is not cut', async () => {
  using dir = tempDataDir();
  await using client = startWrapped(dir.path, ['sh', '-c', 'cat >/dev/null; sleep 2.5; echo late']);
  client.end();
  expect(await client.exited).toMatchObject({ code: 0 });
  expect(client.stdout.toString()).toBe('late\n');
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  test(`checklist 22: ${signal} ends the server, which leaves no orphan`, async () => {
    using dir = tempDataDir();
    await using client = startWrapped(dir.path, scriptedServer());
    const { pid } = (await client.request('pid')) as { pid: number };
    const from = performance.now();
    client.child.kill(signal);
    expect(await client.exited).toMatchObject({ signal });
    expect(performance.now() - from).toBeLessThan(10_000);
    expect(isAlive(pid)).toBe(false);
  });

test('checklist 22: a server that ignores SIGTERM is dead within 2 s, with what it started', async () => {
  using dir = tempDataDir();
  await using client = startWrapped(dir.path, scriptedServer('--ignore-sigterm', '--ignore-eof'));
  const { pid } = (await client.request('pid')) as { pid: number };
  const { pid: grandchild } = (await client.request('grandchild')) as { pid: number };
  const from = performance.now();
  client.end();
  client.child.kill('SIGTERM');
  await until(() => !isAlive(pid) && !isAlive(grandchild), 'the end of the group');
  expect(performance.now() - from).toBeGreaterThan(1_400);
  expect(performance.now() - from).toBeLessThan(2_000);
  expect(await client.exited).toMatchObject({ signal: 'SIGKILL' });
});

test('checklist 22: what a server leaves behind when it exits by itself is ended too', async () => {
  using dir = tempDataDir();
  await using client = startWrapped(dir.path, scriptedServer());
  const { pid } = (await client.request('grandchild')) as { pid: number };
  expect(isAlive(pid)).toBe(true);
  client.end();
  expect(await client.exited).toMatchObject({ code: 0 });
  await until(() => !isAlive(pid), 'the end of the grandchild');
});

test('a launcher that starts the server in the background and exits: the client goes on reading it and writing to it', async () => {
  using dir = tempDataDir();
  const command = ['sh', '-c', 'exec 3<&0; (sleep 1; echo late; exec cat) <&3 & echo now; exit 4'];
  // Without the shim a client on Node loses stdin with the launcher; what it reads is the same.
  await using direct = new StdioClient('sh', command.slice(1));
  await using client = startWrapped(dir.path, command);
  expect(await direct.exited).toMatchObject({ code: 4, signal: null });
  expect(direct.stdout.toString()).toBe('now\nlate\n');

  await client.line(line => line === 'late');
  client.write('{"id":1}\n');
  await client.line(line => line === '{"id":1}');
  const from = performance.now();
  client.end();
  expect(await client.exited).toMatchObject({ code: 4, signal: null });
  expect(performance.now() - from).toBeLessThan(10_000);
  expect(client.stdout.toString()).toBe('now\nlate\n{"id":1}\n');
  expect(client.stderr.toString()).toBe('');
});

for (const way of ['end of stdin', 'SIGTERM'] as const)
  test(`checklist 22: a server in the background whose launcher has exited is dead within 2 s of the ${way}`, async () => {
    using dir = tempDataDir();
    await using client = startWrapped(dir.path, ['sh', '-c', '(trap "" TERM; sh -c "echo \\$PPID"; while :; do sleep 1; done) & exit 0']);
    const pid = Number(await client.line(() => true));
    await new Promise(resolve => {
      setTimeout(resolve, 2_000);
    });
    expect(isAlive(pid)).toBe(true);
    const from = performance.now();
    if (way === 'SIGTERM') client.child.kill('SIGTERM');
    else client.end();
    await until(() => !isAlive(pid), 'the end of the server');
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(await client.exited).toMatchObject({ code: 0 });
    expect(client.stderr.toString()).toBe('');
  });

test('what holds no stdout is ended with the server, though the client goes on', async () => {
  using dir = tempDataDir();
  await using client = startWrapped(dir.path, ['sh', '-c', 'sleep 60 >/dev/null 2>&1 & echo $!; exit 0']);
  const pid = Number(await client.line(() => true));
  expect(await client.exited).toMatchObject({ code: 0 });
  await until(() => !isAlive(pid), 'the end of what was left');
});

test('when the client dies after the server in the background closed its stdin, that server ends as well', async () => {
  using dir = tempDataDir();
  const command = ['sh', '-c', '(echo $$; exec sleep 60) </dev/null & echo "pid $!"; exit 0'];
  const script = `const c=require('child_process').spawn(process.execPath,${JSON.stringify([shimFile(), '--data-dir', dir.path, '--', ...command])},{stdio:['pipe','pipe','inherit']});
    c.stdin.on('error',()=>console.log('refused'));c.stdout.on('data',d=>process.stdout.write(d));setInterval(()=>c.stdin.write('x\\n'),100)`;
  await using client = new StdioClient(process.execPath, ['-e', script]);
  const pid = Number((await client.line(line => line.startsWith('pid '))).slice(4));
  await client.line(line => line === 'refused');
  expect(isAlive(pid)).toBe(true);
  client.child.kill('SIGKILL');
  await until(() => !isAlive(pid), 'the end of the server');
});

test('checklist 22: when the client dies, a server that ignores the end of stdin ends as well', async () => {
  using dir = tempDataDir();
  const script = `const c=require('child_process').spawn(process.execPath,${JSON.stringify([shimFile(), '--data-dir', dir.path, '--', ...scriptedServer('--ignore-eof')])},{stdio:['pipe','pipe','inherit']});
    c.stdin.write('{"id":1,"method":"pid"}\\n');c.stdout.on('data',d=>process.stdout.write(d));setInterval(()=>{},1000)`;
  await using client = new StdioClient(process.execPath, ['-e', script]);
  const { result } = JSON.parse(await client.line(line => line.includes('"pid"'))) as { result: { pid: number } };
  client.child.kill('SIGKILL');
  await until(() => !isAlive(result.pid), 'the end of the server');
  expect(isAlive(result.pid)).toBe(false);
});

test('a server that is killed by a signal: the shim dies by the same', async () => {
  using dir = tempDataDir();
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGABRT', 'SIGUSR2'] as const) {
    await using client = startWrapped(dir.path, scriptedServer());
    client.write(`{"id":1,"method":"die","params":{"signal":"${signal}"}}\n`);
    expect(await client.exited).toMatchObject({ signal });
  }
});

test('checklist 24: stderr arrives unmodified on stderr and nowhere else, stray stdout on stdout', async () => {
  using dir = tempDataDir();
  await using client = startWrapped(dir.path, ['sh', '-c', 'printf "w\\303\\244rn\\r\\n\\n no end" >&2; echo not json; exit 3']);
  expect(await client.exited).toMatchObject({ code: 3 });
  expect(client.stderr.toString('utf8')).toBe('w\u00e4rn\r\n\n no end');
  expect(client.stdout.toString('utf8')).toBe('not json\n');
});

test('a command that is not there or cannot be run is said on stderr, with 127 and 126', async () => {
  using dir = tempDataDir();
  await using missing = startWrapped(dir.path, ['/nowhere/server']);
  expect(await missing.exited).toMatchObject({ code: 127 });
  expect(missing.stderr.toString()).toContain('cannot start "/nowhere/server": command not found');
  expect(missing.stdout.length).toBe(0);
  await using directory = startWrapped(dir.path, [dir.path]);
  expect(await directory.exited).toMatchObject({ code: 126 });
  expect(directory.stdout.length).toBe(0);
});

test('bad arguments and help go to stderr, never to stdout', async () => {
  for (const [args, code] of [
    [['--nonsense', '--', 'cat'], 125],
    [[], 125],
    [['--help'], 0],
  ] as const) {
    await using client = new StdioClient(process.execPath, [shimFile(), ...args]);
    expect(await client.exited).toMatchObject({ code });
    expect(client.stderr.toString()).toContain('Usage: shadowcat wrap');
    expect(client.stdout.length).toBe(0);
  }
});

test('a client that reads slowly gets everything, and the shim holds no more than the pipes do', async () => {
  using dir = tempDataDir();
  const bytes = 60_000_000;
  await using client = startWrapped(dir.path, ['sh', '-c', `head -c ${bytes} /dev/zero`]);
  client.child.stdout?.pause();
  await new Promise(resolve => {
    setTimeout(resolve, 1_000);
  });
  expect(residentBytes(client.pid)).toBeLessThan(120 * 1024 * 1024);
  client.child.stdout?.resume();
  expect(await client.exited).toMatchObject({ code: 0 });
  expect(client.stdout.length).toBe(bytes);
});

test('a client that reads late finds no word of the shim on stderr', async () => {
  using dir = tempDataDir();
  // More than the client's end of the pipe takes, less than it and the shim's take together: the server ends, its output waits.
  await using client = startWrapped(dir.path, ['sh', '-c', 'head -c 400000 /dev/zero']);
  client.child.stdout?.pause();
  await new Promise(resolve => {
    setTimeout(resolve, 1_500);
  });
  client.child.stdout?.resume();
  expect(await client.exited).toMatchObject({ code: 0 });
  expect(client.stdout.length).toBe(400_000);
  expect(client.stderr.toString()).toBe('');
});

test('a client that stops reading ends a server that writes on, as it would without the shim', async () => {
  using dir = tempDataDir();
  const command = ['sh', '-c', 'exec yes'];
  const ends = [];
  for (const client of [startWrapped(dir.path, command), new StdioClient('sh', command.slice(1))]) {
    await using running = client;
    await until(() => running.stdout.length > 0, 'output');
    running.child.stdout?.destroy();
    const { code, signal } = await running.exited;
    ends.push({ code, signal });
  }
  expect(ends[0]).toEqual(ends[1]);
});

test('a server that closes its stdin is written to no more, and the session goes on', async () => {
  using dir = tempDataDir();
  await using client = startWrapped(dir.path, ['sh', '-c', 'exec 0<&-; sleep 0.5; echo still here; exit 5']);
  for (let count = 0; count < 20; count += 1) {
    client.write('{"x":1}\n');
    await new Promise(resolve => {
      setTimeout(resolve, 10);
    });
  }
  expect(await client.exited).toMatchObject({ code: 5 });
  expect(client.stdout.toString()).toBe('still here\n');
});

test('checklist 37: a 50 MB line passes both ways with bounded memory', async () => {
  using dir = tempDataDir();
  await using client = startWrapped(dir.path, ['cat']);
  const line = Buffer.concat([
    Buffer.from('{"jsonrpc":"2.0","result":{"text":"'),
    Buffer.alloc(50_000_000, 'y'),
    Buffer.from('"},"id":7}\n'),
  ]);
  let peakBytes = 0;
  const look = setInterval(() => (peakBytes = Math.max(peakBytes, residentBytes(client.pid))), 20);
  client.write(line);
  client.end();
  expect(await client.exited).toMatchObject({ code: 0 });
  clearInterval(look);
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  expect(digest(client.stdout)).toBe(digest(line));
  expect(peakBytes).toBeGreaterThan(0);
  expect(peakBytes).toBeLessThan(200 * 1024 * 1024);
});

/** Resident memory, from proc(5); 0 once the process is gone. */
function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
