/** The shape of one schema step. */

export interface Migration {
  /** The version a file has after the step; steps are numbered from 1 without gaps. */
  readonly version: number;
  readonly up: string;
}
