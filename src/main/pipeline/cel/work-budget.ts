/**
 * How much work expressions may do. A unit is about a tenth of a microsecond on the machines that this runs on; counting work
 * instead of time makes a decision the same on every machine.
 */

/** Of one evaluation: about 50 ms. */
export const EXPRESSION_UNITS = 500_000;
/** Of all evaluations for one request: about 100 ms. */
export const REQUEST_UNITS = 1_000_000;
/** For filtering one list: every policy may look at every entry, but none of them at arguments. */
export const LIST_UNITS = 3_000_000;
/** What the shortest expression costs. */
export const EVALUATION_UNITS = 10;
/** Characters of arguments and other strings that one evaluation may look at. */
export const MAX_TEXT = 64 * 1024;
/** Elements of one list, and members of one map where all of them are walked. */
export const MAX_ELEMENTS = 200;
/** Elements over all lists that one evaluation looks at. */
const MAX_ALL_ELEMENTS = 10_000;

/** Shared by all evaluations for one request. */
export class RequestWork {
  unitsLeft: number;
  #gap: string | undefined;

  constructor(units: number = REQUEST_UNITS) {
    this.unitsLeft = units;
  }

  missed(name: string): void {
    this.#gap = name;
  }

  /** What was looked at since this was asked before, and the record does not have. */
  takeGap(): string | undefined {
    const gap = this.#gap;
    this.#gap = undefined;
    return gap;
  }
}

/** What one evaluation may still do. Every method throws once there is nothing left. */
export class Work {
  readonly #request: RequestWork;
  #unitsLeft = EXPRESSION_UNITS;
  #textLeft = MAX_TEXT;
  #elementsLeft = MAX_ALL_ELEMENTS;

  constructor(request: RequestWork) {
    this.#request = request;
  }

  spend(units: number): void {
    this.#unitsLeft -= units;
    this.#request.unitsLeft -= units;
    if (this.#unitsLeft < 0 || this.#request.unitsLeft < 0) throw new Error('too much work');
  }

  /** A text from outside was looked at. */
  text(length: number): void {
    this.#textLeft -= length;
    if (this.#textLeft < 0) throw new Error(`looks at more than ${MAX_TEXT} characters`);
  }

  missed(name: string): never {
    this.#request.missed(name);
    throw new Error(`looks at ${name}, which is not recorded`);
  }

  elements(count: number): void {
    if (count > MAX_ELEMENTS) throw new Error(`looks at a list or map of more than ${MAX_ELEMENTS} elements`);
    this.#elementsLeft -= count;
    if (this.#elementsLeft < 0) throw new Error(`looks at more than ${MAX_ALL_ELEMENTS} elements`);
  }
}
