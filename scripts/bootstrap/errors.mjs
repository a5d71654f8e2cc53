/** A set-up problem a person can do something about: it always carries the next step. */
export class SetupError extends Error {
  name = 'SetupError';

  constructor(message, nextStep, details = '') {
    super(message);
    this.nextStep = nextStep;
    this.details = details;
  }
}
