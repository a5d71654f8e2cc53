/** Types of `electron.mjs`, for the e2e harness. */
export declare function installedElectron(): string | undefined;
