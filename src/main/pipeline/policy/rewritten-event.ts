/** An event with other data, or with none: its id, its name, its comments and its kind of line ends stay. */

/**
 * Without data an event is no message any more, and its id still counts for resumption (WHATWG HTML, section 9.2.6). Never
 * empty: where nothing would be left, a comment is.
 */
export function rewrittenEvent(raw: Uint8Array, data: string | undefined): Uint8Array {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8');
  let result = '';
  let hasData = false;
  for (const [line, content = '', end = ''] of text.matchAll(/([^\r\n]*)(\r\n|\r|\n|$)/g)) {
    if (line === '') continue;
    const field = content.startsWith('\uFEFF') ? content.slice(1) : content;
    if (field !== 'data' && !field.startsWith('data:')) {
      result += line;
      continue;
    }
    if (data === undefined || hasData) continue;
    hasData = true;
    for (const part of data.split(/\r\n|\r|\n/)) result += `data: ${part}${end === '' ? '\n' : end}`;
  }
  const isEmpty = /^[\r\n]*$/.test(result);
  return Buffer.from(isEmpty ? `:${result === '' ? '\n\n' : `\n${result}`}` : result);
}
