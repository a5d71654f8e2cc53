/** Which Node runs the product. */

/** better-sqlite3 crashes without a word on anything older. */
export const oldestNodeMajor = 22;
