/** Every example plays, says what it promises to say, and every command in its README does what stands below it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cliFile, root } from '../cli/command-line.ts';
import { freePort } from '../gateway/kit/tap.ts';
import { runToEnd, type RunningProcess, startProcess } from '../peers/child-process.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';

interface Example {
  readonly name: string;
  /** What stands in the README, and under which variable a free port takes its place. */
  readonly ports: Readonly<Record<string, string>>;
  readonly upstream?: string;
}

const examples: readonly Example[] = [
  {
    name: 'guard-a-remote-server',
    ports: { '7480': 'SHADOWCAT__LISTENERS__0__PORT', '3001': 'PORT' },
    upstream: 'SHADOWCAT__UPSTREAMS__EVERYTHING__INSTANCES__0__URL',
  },
  { name: 'bridge-stdio-to-http', ports: { '7481': 'SHADOWCAT__LISTENERS__0__PORT' } },
];

let home: ScratchHome;
beforeAll(async () => {
  home = await scratchHome();
});
afterAll(() => home[Symbol.asyncDispose]());

const fileOf = (name: string, file: string) => readFileSync(join(root, 'examples', name, file), 'utf8');

test.for(examples)('$name says what it promises', async ({ name }) => {
  const { code, stdout, stderr } = await runToEnd({
    args: [join(root, 'examples', name, 'run.mjs')],
    home: home.path,
    env: { SHADOWCAT_CLI: cliFile },
  });
  expect(stderr).toBe('');
  expect(stdout).toBe(fileOf(name, 'expected.txt'));
  expect(code).toBe(0);
});

describe.for(examples)('the README of $name', example => {
  const blocks = blocksOf(fileOf(example.name, 'README.md'));
  const started: RunningProcess[] = [];
  const free = new Map<string, string>();
  beforeAll(async () => {
    for (const port of Object.keys(example.ports)) free.set(port, String(await freePort()));
  });
  afterAll(async () => {
    for (const process of started.toReversed()) await process.stop();
  });

  /** With the ports of this run, and what `npx` would find in this project. */
  const start = (command: string): RunningProcess => {
    const ported = [...free].reduce((text, [port, free]) => text.replaceAll(port, free), command);
    // Before our own paths come in: this project may itself lie below /tmp.
    const own = ported.replaceAll('/tmp/', `${home.path}/`);
    const local = own.replaceAll('npx shadowcat ', `'${process.execPath}' '${cliFile}' `).replaceAll('npx ', '');
    const env: Record<string, string> = { SHADOWCAT_DATA_DIR: join(home.path, `data-${example.name}`) };
    for (const [port, variable] of Object.entries(example.ports)) env[variable] = free.get(port) ?? '';
    if (example.upstream !== undefined) env[example.upstream] = `http://127.0.0.1:${free.get('3001') ?? ''}/mcp`;
    return startProcess({
      command: '/bin/sh',
      args: ['-c', `cd '${root}' && ${local}`],
      env,
      home: home.path,
    });
  };

  const shown = (process: RunningProcess) => [...free].reduce((text, [port, own]) => text.replaceAll(own, port), process.stdout());
  const output = async (command: string) => {
    const process = start(command);
    process.child.stdin?.end();
    await process.exited;
    return shown(process);
  };

  test('shows whole commands, and what each of them prints', () => {
    expect(blocks.filter(({ kind }) => kind === 'sh').length).toBeGreaterThanOrEqual(2);
    expect(blocks.filter(({ kind }) => kind === 'sh gateway')).toHaveLength(1);
  });

  test.for(blocks.filter(({ kind }) => kind.startsWith('sh')))('$text', async ({ kind, text, prints }) => {
    if (kind === 'sh') {
      if (text.includes(' audit list')) await expectRows(() => output(text), prints);
      else expect(await output(text)).toMatch(patternOf(prints));
      return;
    }
    const process = start(execOf(text));
    started.push(process);
    if (kind === 'sh gateway') await expect.poll(() => shown(process)).toMatch(patternOf(prints));
    else await expect.poll(() => answers(free.get('3001') ?? '')).toBe(true);
  });
});

/** Rows of the audit are written a moment after what they tell of; those of one moment stand in either order. */
async function expectRows(output: () => Promise<string>, prints: string): Promise<void> {
  const rowsOf = (text: string) => text.trim().split('\n');
  const wanted = rowsOf(prints);
  const missing = async () => {
    const rows = rowsOf(await output());
    return { rowCount: rows.length, missing: wanted.filter(row => !rows.some(shown => patternOf(row).test(shown))) };
  };
  await expect.poll(missing, { interval: 200 }).toEqual({ rowCount: wanted.length, missing: [] });
}

/** So that a signal reaches the program and not the shell before it. */
function execOf(command: string): string {
  return command.replace(/^((?:[A-Z_]+=\S+ )*)/, '$1exec ').replace(/^((?:[A-Z_]+=\S+ )+)exec /, 'export $1; exec ');
}

async function answers(port: string): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/mcp`).then(
    () => true,
    () => false,
  );
}

interface Block {
  /** The words after the fence: `sh`, `sh server`, `sh gateway`. */
  readonly kind: string;
  readonly text: string;
  /** The `text` block that follows. */
  readonly prints: string;
}

function blocksOf(markdown: string): Block[] {
  const found = [...markdown.matchAll(/^```(\S.*)\n([^]*?)^```$/gm)].map(([, kind = '', text = '']) => ({ kind, text: text.trim() }));
  return found.map((block, at) => {
    const next = found[at + 1];
    return { ...block, prints: next?.kind === 'text' ? next.text : '' };
  });
}

/** `…` stands for anything; how far columns stand apart does not matter. */
function patternOf(text: string): RegExp {
  const escaped = text.split('…').map(part =>
    part
      .trim()
      .split(/\s+/)
      .map(word => word.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
      .join('\\s+'),
  );
  return new RegExp(`^\\s*${escaped.join('[^]*?')}\\s*$`);
}
