/** Types of `node.mjs`, for the e2e harness. */
export declare function projectNode(): string;
