import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { arraySlices } from './json-text.ts';

test('each element as it was written, whatever it holds', () => {
  const written = ['{"id":1152921504606846977,"a":[1, 2],"b":"],[\\"\\\\"}', '1.0e2', '"a,b"', '[]', 'null'];
  expect(arraySlices(` [ ${written.join(' ,\n ')} ] `)).toEqual(written);
  expect([arraySlices('[]'), arraySlices(' [ ] '), arraySlices('[[]]')]).toEqual([[], [], ['[]']]);
});

test('as many as JSON.parse finds, and the same', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 2), (values, indent) => {
      const slices = arraySlices(JSON.stringify(values, undefined, indent));
      expect(slices.map(slice => JSON.parse(slice) as unknown)).toEqual(JSON.parse(JSON.stringify(values)));
    }),
  );
});

test('bytes stay the bytes that they were', () => {
  const bytes = Buffer.concat([Buffer.from('["ä",'), Buffer.from([0x22, 0xff, 0xa0, 0x22]), Buffer.from(']')]);
  const slices = arraySlices(bytes.toString('latin1')).map(slice => Buffer.from(slice, 'latin1'));
  expect(slices).toEqual([Buffer.from('"ä"'), Buffer.from([0x22, 0xff, 0xa0, 0x22])]);
});
