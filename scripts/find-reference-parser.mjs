/** Finds a Python that has the OpenMetrics reference parser. Plain JavaScript without dependencies, for the bootstrap. */
import { spawnSync } from 'node:child_process';

// Debian's packages belong to its own Python, which is not always the first one on PATH.
const pythons = ['/usr/bin/python3', 'python3', 'python'];

/** Command of a Python that can `import prometheus_client.openmetrics.parser`, or undefined. */
export function findReferenceParser() {
  return pythons.find(
    python => spawnSync(python, ['-c', 'import prometheus_client.openmetrics.parser'], { stdio: 'ignore', timeout: 20_000 }).status === 0,
  );
}
