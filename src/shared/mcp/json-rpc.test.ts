import { describe, expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { readBody } from './json-rpc.ts';
import { TopLevelScan } from './top-level-scan.ts';

describe('readBody', () => {
  test('keeps the JSON type of an id: 0, "0", "" and null are four different real ids', () => {
    const idOf = (text: string) => {
      const read = readBody(`{"jsonrpc":"2.0","id":${text},"method":"ping"}`);
      return read.kind === 'message' && read.message.kind === 'request' ? read.message.idText : read;
    };
    expect([idOf('0'), idOf('"0"'), idOf('""'), idOf('null')]).toEqual(['0', '"0"', '""', 'null']);
  });

  test('keeps every digit of an integer id beyond 2^53, and is not fooled by an "id" inside the params', () => {
    const read = readBody('{"jsonrpc":"2.0","params":{"id":1,"note":"\\"id\\": 5"},"id": 9007199254740993 ,"method":"tools/call"}');
    expect(read).toMatchObject({ kind: 'message', message: { idText: '9007199254740993' } });
  });

  test('takes the last of duplicate ids, as JSON parsers do', () => {
    expect(readBody('{"id":9007199254740993,"id":9007199254740995,"method":"m"}')).toMatchObject({
      message: { idText: '9007199254740995' },
    });
  });

  test('tells a batch, a non-message and a non-JSON text apart', () => {
    expect(readBody('[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"b"}]')).toMatchObject({
      kind: 'batch',
      items: [{ message: { kind: 'request' } }, { message: { kind: 'notification' } }],
    });
    expect(readBody('[]')).toEqual({ kind: 'invalid', reason: 'not-json-rpc' });
    expect(readBody('{"hello":1}')).toEqual({ kind: 'invalid', reason: 'not-json-rpc' });
    expect(readBody('Listening on 3000')).toEqual({ kind: 'invalid', reason: 'not-json' });
  });

  test('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), text => {
        expect(['message', 'batch', 'invalid']).toContain(readBody(text).kind);
      }),
      { numRuns: 500 },
    );
  });
});

describe('TopLevelScan', () => {
  const scanOf = (text: string, cuts: readonly number[]) => {
    const bytes = Buffer.from(text);
    const scan = new TopLevelScan();
    let from = 0;
    for (const cut of [...cuts.map(share => Math.floor(share * bytes.length)).sort((one, other) => one - other), bytes.length]) {
      scan.push(bytes.subarray(from, cut));
      from = cut;
    }
    return scan.facts;
  };

  test('finds the id behind a large result, wherever the chunks are cut', () => {
    const text = JSON.stringify({
      result: { content: [{ text: 'x "id": 1 } \\" {'.repeat(50), nested: [{ id: 3, method: 'no' }] }] },
      jsonrpc: '2.0',
      id: 'übung-7',
    });
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }), cuts => {
        expect(scanOf(text, cuts)).toEqual({ idText: '"übung-7"', hasResult: true, hasError: false });
      }),
    );
  });

  test('agrees with a whole parse on any JSON-RPC-like object', () => {
    const member = fc.record({
      id: fc.oneof(fc.integer(), fc.string(), fc.constant(null)),
      method: fc.string(),
      params: fc.jsonValue(),
    });
    fc.assert(
      fc.property(member, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }), (message, cuts) => {
        const read = readBody(JSON.stringify(message));
        const facts = scanOf(JSON.stringify(message), cuts);
        expect(read).toMatchObject({ kind: 'message', message: { idText: facts.idText, method: facts.method } });
      }),
      { numRuns: 500 },
    );
  });

  test.each([61, 62, 63, 64, 300, 509])('keeps an id and a method of %i characters whole', length => {
    const scan = new TopLevelScan();
    const [id, method] = ['i'.repeat(length), 'm'.repeat(length)];
    scan.push(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, result: 1 })));
    expect(scan.facts).toMatchObject({ idText: `"${id}"`, method, hasResult: true });
  });

  test('says nothing about what is no object', () => {
    expect(scanOf('[{"id":1}]', [])).toEqual({ hasResult: false, hasError: false });
    expect(scanOf('plain text', [0.5])).toEqual({ hasResult: false, hasError: false });
  });
});

describe('a body made to hurt the scan', () => {
  test('millions of members, long keys and long values leave nothing behind', () => {
    const scan = new TopLevelScan();
    scan.push(Buffer.from('{"jsonrpc":"2.0",'));
    const part = Buffer.from(Array.from({ length: 20_000 }, (_, at) => `"key-${at}":${at},`).join(''));
    for (let round = 0; round < 20; round += 1) scan.push(part);
    scan.push(
      Buffer.from(`"${'k'.repeat(100_000)}":1,"method":"${'m'.repeat(100_000)}","result":"${'r\\"'.repeat(100_000)}","id":"seven"}`),
    );
    expect(scan.facts).toEqual({ idText: '"seven"', hasResult: true, hasError: false });
  });

  test('one chunk of very many strings takes time in proportion to its length', () => {
    const timeOf = (count: number) => {
      const bytes = Buffer.from(`{"result":[${'"x","y",'.repeat(count)}"z"],"id":7}`);
      const startedAt = performance.now();
      const scan = new TopLevelScan();
      scan.push(bytes);
      expect(scan.facts).toEqual({ idText: '7', hasResult: true, hasError: false });
      return performance.now() - startedAt;
    };
    timeOf(50_000);
    // Searching for a backslash to the end of the chunk for each string took minutes.
    expect(timeOf(500_000)).toBeLessThan(2000);
  });

  test('an escape that is cut at every place ends no string too early', () => {
    const text = `{"result":"${'\\\\\\"'.repeat(5)}","error":null,"id":7,"id":8}`;
    for (let cut = 0; cut <= text.length; cut += 1) {
      const scan = new TopLevelScan();
      scan.push(Buffer.from(text.slice(0, cut)));
      scan.push(Buffer.from(text.slice(cut)));
      expect(scan.facts).toEqual({ idText: '8', hasResult: true, hasError: true });
    }
  });
});
