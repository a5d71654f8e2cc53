/** A stdio server reduced to one answer per line: the request's id and a text of `--bytes` characters. Does not parse, so that it costs little. */

const payload = 'x'.repeat(Number(process.argv[3] ?? 40));
const newline = 10;
let lineHead = '';

process.stdin.on('data', (chunk: Buffer) => {
  let from = 0;
  for (;;) {
    const end = chunk.indexOf(newline, from);
    // The id stands in the first characters of a line; the rest of a large line is only counted past.
    if (lineHead.length < 64) lineHead += chunk.toString('latin1', from, Math.min(from + 64, end === -1 ? chunk.length : end));
    if (end === -1) return;
    answer(/"id":(\d+)/.exec(lineHead)?.[1] ?? 'null');
    lineHead = '';
    from = end + 1;
  }
});
process.stdin.on('end', () => process.exit(0));

function answer(id: string): void {
  process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"${payload}"}]}}\n`);
}
