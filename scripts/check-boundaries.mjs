/** `npm run boundaries`: prints every import that crosses a boundary of the architecture, and fails on any. */
import { root } from './bootstrap/project.mjs';
import { checkBoundaries } from './boundaries.mjs';

// A walk that finds next to nothing looks at the wrong place, and would pass everything.
const fewestFiles = 20;

const { fileCount, violations } = checkBoundaries(root);
for (const violation of violations) process.stdout.write(`${violation}\n`);
if (fileCount < fewestFiles) process.stdout.write(`Only ${fileCount} source files found below ${root}/src\n`);
process.stdout.write(`${fileCount} files, ${violations.length} violations\n`);
process.exitCode = violations.length > 0 || fileCount < fewestFiles ? 1 : 0;
