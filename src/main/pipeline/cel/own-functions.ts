/** The functions that `boundedTree` writes into expressions, and those of the language that are replaced by bounded ones. */
import {
  celFunc,
  CelScalar,
  celList,
  isCelList,
  isCelMap,
  type CelFunc,
  type CelInput,
  type CelList,
  type CelValue,
  listType,
} from '@bufbuild/cel';
import { own, unitsOf } from './bounded-tree.ts';
import type { Work } from './work-budget.ts';

const { DYN, INT, STRING } = CelScalar;
const LIST = listType(DYN);

/** Longest text that is converted to a number, a time or a duration. */
const MAX_SHORT = 64;
/** Longest text that additions make, in characters, and longest list, in elements. */
const MAX_TEXT_MADE = 128 * 1024;
const MAX_LIST_MADE = 1000;
const MAX_DEPTH = 64;

/** `work` gives the meter of the evaluation that runs. */
export function ownFunctions(work: () => Work): CelFunc[] {
  const collected = new WeakMap<CelList, CelInput[]>();
  return [
    celFunc(own.tick, [DYN, INT], DYN, (value, units) => {
      work().spend(Number(units));
      return value;
    }),
    celFunc(own.weigh, [DYN], DYN, value => {
      weigh(value, work(), 0);
      return value;
    }),
    celFunc(own.within, [DYN], DYN, value => {
      if (isCelList(value)) weigh(value, work(), 0);
      else work().spend(1);
      return value;
    }),
    celFunc(own.glance, [DYN], DYN, value => {
      work().spend(unitsToScan(value));
      return value;
    }),
    celFunc(own.pattern, [DYN, INT], DYN, (value, weight) => {
      const length = typeof value === 'string' ? value.length : 0;
      work().spend(unitsOf.match + Math.ceil((length * Number(weight)) / 10));
      return value;
    }),
    celFunc(own.short, [DYN], DYN, value => {
      if (typeof value === 'string' && value.length > MAX_SHORT) throw new Error(`converts a text of more than ${MAX_SHORT} characters`);
      work().spend(unitsOf.conversion);
      return value;
    }),
    celFunc(own.list, [], DYN, () => {
      const elements: CelInput[] = [];
      const list = celList(elements);
      collected.set(list, elements);
      return list;
    }),
    celFunc(own.push, [DYN, DYN], DYN, (list, element) => {
      const elements = isCelList(list) ? collected.get(list) : undefined;
      if (elements === undefined) throw new Error('lost the list that it collects');
      elements.push(element);
      return list;
    }),
    celFunc('_+_', [STRING, STRING], STRING, (one, other) => {
      if (one.length + other.length > MAX_TEXT_MADE) throw new Error(`makes a text of more than ${MAX_TEXT_MADE} characters`);
      return one + other;
    }),
    celFunc('_+_', [LIST, LIST], LIST, (one, other) => {
      const size = one.size + other.size;
      if (size > MAX_LIST_MADE) throw new Error(`makes a list of more than ${MAX_LIST_MADE} elements`);
      work().spend(size);
      return celList([...one, ...other] as CelInput[]);
    }),
  ];
}

/** What comparing the value costs: all that is in it. */
function weigh(value: CelValue, work: Work, depth: number): void {
  if (depth > MAX_DEPTH) throw new Error(`compares a value more than ${MAX_DEPTH} levels deep`);
  work.spend(unitsToScan(value));
  if (isCelList(value)) for (const element of value) weigh(element, work, depth + 1);
  else if (isCelMap(value)) for (const member of value.values()) weigh(member, work, depth + 1);
}

function unitsToScan(value: CelValue): number {
  if (typeof value === 'string') return 1 + Math.ceil(value.length / 64);
  return value instanceof Uint8Array ? 1 + Math.ceil(value.length / 16) : 1;
}
