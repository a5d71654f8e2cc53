/** Types of `find-reference-parser.mjs`, for the tests. */
export function findReferenceParser(): string | undefined;
