/** Types of `find-browser.mjs`, which has to stay plain JavaScript for the bootstrap. */
export declare function findBrowser(env?: Record<string, string | undefined>): string | undefined;
export declare function browserFlags(): string[];
