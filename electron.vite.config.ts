/**
 * One build for everything that runs: the engine's entries, the shim, the preload bridge and the window.
 * Shared code of the main entries lands in `out/main/chunks`, so modules there never look for files beside
 * themselves: each entry passes the paths it knows.
 */
import { isBuiltin } from 'node:module';
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import { build, type Plugin, type Rolldown } from 'vite';

const root = import.meta.dirname;

/** Entry name (the file in `out/main`) to source. The store's threads are entries because a host hands their paths to the engine. */
const mainEntries = {
  index: 'src/main/index.ts',
  cli: 'src/main/cli.ts',
  'store-writer': 'src/main/store/writer-worker.ts',
  'store-reader': 'src/main/store/reader-worker.ts',
};

const shimSource = resolve(root, 'src/main/shim.ts');

export default defineConfig({
  main: {
    plugins: [standaloneShim()],
    build: {
      // better-sqlite3 is the one packed dependency and stays outside; whatever else is imported is bundled.
      externalizeDeps: true,
      sourcemap: true,
      rolldownOptions: { input: mainEntries },
    },
  },
  preload: {
    build: {
      externalizeDeps: false,
      sourcemap: false,
      // A sandboxed preload cannot be an ES module.
      rolldownOptions: { input: { bridge: 'src/preload/bridge.ts' }, output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: {
    root: resolve(root, 'src/renderer'),
    plugins: [react()],
    build: {
      minify: true,
      // Inlined assets would need `data:` in the content security policy.
      assetsInlineLimit: 0,
      rolldownOptions: { input: resolve(root, 'src/renderer/index.html') },
    },
  },
});

/**
 * Builds the shim by itself into one file. It is copied to the data directory and runs there on any Node,
 * so a chunk beside it or a package import would break every wrapped server; that fails the build here.
 */
function standaloneShim(): Plugin {
  return {
    name: 'shadowcat:standalone-shim',
    apply: 'build',
    buildStart() {
      this.addWatchFile(shimSource);
    },
    async generateBundle() {
      const chunk = await bundleShim();
      const imported = [...chunk.imports, ...chunk.dynamicImports].filter(name => !isBuiltin(name) || !name.startsWith('node:'));
      const foreign = [...imported, ...chunk.moduleIds.filter(id => id.includes('node_modules'))].slice(0, 3);
      if (foreign.length > 0)
        this.error(`The shim may import only node: built-ins and our own source, but it imports ${foreign.join(', ')}`);
      this.emitFile({ type: 'asset', fileName: 'shim.js', source: chunk.code });
    },
  };
}

async function bundleShim(): Promise<Rolldown.OutputChunk> {
  const result = await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      write: false,
      ssr: true,
      target: 'node20',
      // Parsing is part of the start-up every wrapped server pays.
      minify: true,
      rolldownOptions: { input: shimSource, output: { format: 'es', codeSplitting: false } },
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]).flatMap(part => ('output' in part ? part.output : []));
  const [chunk, ...more] = outputs.filter(item => item.type === 'chunk');
  if (chunk === undefined || more.length > 0) throw new Error(`The shim must be one file, but its build made ${outputs.length}`);
  return chunk;
}
