/** Types of `boundaries.mjs`, for the test that plants violations. */
export declare function checkBoundaries(root: string): { fileCount: number; violations: string[] };
