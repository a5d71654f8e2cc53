import { expect, test } from 'vitest';
import { windowsCommand } from './windows-command.ts';

const world = (...files: string[]) => ({
  env: { PATH: 'C:\\bin;C:\\Program Files\\nodejs', PATHEXT: '.COM;.EXE;.BAT;.CMD', ComSpec: 'C:\\Windows\\cmd.exe' },
  cwd: 'C:\\work',
  isFile: (path: string) => files.includes(path),
});

test('an executable is started as it is, found by PATH and PATHEXT', () => {
  expect(windowsCommand('node', ['a b'], world('C:\\Program Files\\nodejs\\node.exe'))).toEqual({
    file: 'C:\\Program Files\\nodejs\\node.exe',
    args: ['a b'],
    isVerbatim: false,
  });
  expect(windowsCommand('.\\tool.exe', [], world('C:\\work\\tool.exe'))).toEqual({
    file: 'C:\\work\\tool.exe',
    args: [],
    isVerbatim: false,
  });
});

test('npx is a batch file and goes through cmd, where nothing in an argument is a command', () => {
  const { file, args, isVerbatim } = windowsCommand(
    'npx',
    ['-y', 'a&b', 'say "hi"', 'c:\\dir\\'],
    world('C:\\Program Files\\nodejs\\npx.cmd'),
  );
  expect({ file, isVerbatim }).toEqual({ file: 'C:\\Windows\\cmd.exe', isVerbatim: true });
  expect(args.slice(0, 3)).toEqual(['/d', '/s', '/c']);
  expect(args[3]).toBe('"C:\\Program^ Files\\nodejs\\npx.cmd ^^^"-y^^^" ^^^"a^^^&b^^^" ^^^"say^^^ \\^^^"hi\\^^^"^^^" ^^^"c:\\dir\\\\^^^""');
});

test('an unknown command is handed on, so that spawn says that it is not there', () => {
  expect(windowsCommand('nothing', ['x'], world())).toEqual({ file: 'nothing', args: ['x'], isVerbatim: false });
});
