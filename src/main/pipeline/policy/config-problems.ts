/** What only a compilation finds in a configuration: expressions that are wrong, ids that are there twice. */

export interface FoundProblem {
  /** `policies[2].when` */
  readonly path: string;
  /** A sentence that says what to do. */
  readonly message: string;
}

/** Thrown with everything that was found; nothing was changed then. */
export class ConfigProblems extends Error {
  override readonly name = 'ConfigProblems';
  readonly problems: readonly FoundProblem[];

  constructor(problems: readonly FoundProblem[]) {
    super(problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
    this.problems = problems;
  }
}

/** Ids name decisions, buckets and events: two of a kind could not be told apart. */
export function doubleIds(section: string, entries: readonly { readonly id: string }[]): FoundProblem[] {
  const seen = new Set<string>();
  return entries.flatMap(({ id }, at) => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [{ path: `${section}[${at}].id`, message: `The id ${id} is there twice; give one of them another.` }];
  });
}
