/** `npm run bench`: the benchmark on a fresh build. */
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { projectNode } from './node.mjs';
import { inProject, root } from './project.mjs';
import { run } from './run.mjs';

export async function bench(args) {
  await ensureInstalled();
  const node = projectNode();
  await ensureBuilt(node);
  const { code } = await run(node, [inProject('bench', 'run.ts'), ...args], { cwd: root });
  return code;
}
