/** Finds what Node prints as it dies: a crash in the middle of a long run must still be readable at its end. */

/** How V8, Node and its native add-ons begin. */
const beginning = /Fatal error in|FATAL ERROR:|Native stack trace|Assertion failed|terminate called/;
const MAX_LINES = 60;

export class LastWords {
  #lines = [];
  #rest = '';

  /** Takes the next piece of output; keeps the first crash's lines, at most 60. */
  hear(text) {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop().slice(-10_000);
    for (const line of lines) {
      const isPart = this.#lines.length > 0 ? this.#lines.length < MAX_LINES : beginning.test(line);
      if (isPart) this.#lines.push(line);
    }
  }

  get text() {
    return this.#lines.join('\n').trimEnd();
  }
}
