/** What our peers say to a server: the same every time, so that what they hear can be compared. */
import type { Peer } from './peer.ts';

/** Goes through everything our fixture server offers, in both directions. */
export async function talkToFixture(peer: Peer): Promise<Record<string, unknown>> {
  const progress: number[] = [];
  return {
    tools: await peer.listTools(),
    prompts: await peer.listPrompts(),
    resources: await peer.listResources(),
    templates: await peer.listResourceTemplates(),
    text: await peer.callTool({ name: 'test_simple_text', arguments: {} }),
    mixed: await peer.callTool({ name: 'test_multiple_content_types', arguments: {} }),
    failed: await peer.callTool({ name: 'test_error_handling', arguments: {} }),
    stepped: await peer.callTool({ name: 'test_tool_with_progress', arguments: {} }, at => progress.push(at)),
    // Those that come in one chunk with the result are forgotten by the SDK's client, as chunks happen to fall; that all
    // passed is seen in what its transport carried.
    isProgressInOrder: progress.every((value, at) => at === 0 || value > (progress[at - 1] ?? 0)),
    // The server asks back while the call is open.
    sampled: await peer.callTool({ name: 'test_sampling', arguments: { prompt: 'What is the capital of France?' } }),
    elicited: await peer.callTool({ name: 'test_elicitation', arguments: { message: 'Who are you?' } }),
    header: await peer.callTool({ name: 'test_x_mcp_header', arguments: { region: 'Zürich', query: 'ümläut ✓' } }),
    prompt: await peer.getPrompt({ name: 'test_prompt_with_arguments', arguments: { arg1: 'hello', arg2: 'world' } }),
    static: await peer.readResource({ uri: 'test://static-binary' }),
    templated: await peer.readResource({ uri: 'test://template/123/data' }),
    unknown: await refusal(peer.readResource({ uri: 'test://nothing-here' })),
  };
}

/** Goes through what `server-everything` offers to every client. */
export async function talkToEverything(peer: Peer): Promise<Record<string, unknown>> {
  const progress: number[] = [];
  const steps = { duration: 0.2, steps: 4 };
  return {
    tools: await peer.listTools(),
    prompts: await peer.listPrompts(),
    echo: await peer.callTool({ name: 'echo', arguments: { message: 'Grüße, 世界' } }),
    sum: await peer.callTool({ name: 'get-sum', arguments: { a: 2, b: 40 } }),
    picture: await peer.callTool({ name: 'get-tiny-image', arguments: {} }),
    structured: await peer.callTool({ name: 'get-structured-content', arguments: { location: 'Chicago' } }),
    stepped: await peer.callTool({ name: 'trigger-long-running-operation', arguments: steps }, at => progress.push(at)),
    // As above.
    isProgressInOrder: progress.every((value, at) => at === 0 || value > (progress[at - 1] ?? 0)),
    prompt: await peer.getPrompt({ name: 'args-prompt', arguments: { city: 'Paris', state: 'Texas' } }),
    document: await peer.readResource({ uri: 'demo://resource/static/document/features.md' }),
    unknown: await refusal(peer.callTool({ name: 'no-such-tool', arguments: {} })),
  };
}

/** Writes, reads and lists files in `dir` through `server-filesystem`. */
export async function talkToFilesystem(peer: Peer, dir: string): Promise<Record<string, unknown>> {
  const file = `${dir}/note.txt`;
  return {
    tools: await peer.listTools(),
    allowed: await peer.callTool({ name: 'list_allowed_directories', arguments: {} }),
    written: await peer.callTool({ name: 'write_file', arguments: { path: file, content: 'line one\nline two: 世界\n' } }),
    edited: await peer.callTool({
      name: 'edit_file',
      arguments: { path: file, edits: [{ oldText: 'line one', newText: 'line 1' }] },
    }),
    read: await peer.callTool({ name: 'read_text_file', arguments: { path: file } }),
    listed: await peer.callTool({ name: 'list_directory', arguments: { path: dir } }),
    forbidden: await peer.callTool({ name: 'read_text_file', arguments: { path: '/etc/hostname' } }),
  };
}

/** Builds, searches and cuts a small graph in `server-memory`. */
export async function talkToMemory(peer: Peer): Promise<Record<string, unknown>> {
  const entity = { name: 'Ada', entityType: 'person', observations: ['wrote the first program'] };
  return {
    tools: await peer.listTools(),
    created: await peer.callTool({ name: 'create_entities', arguments: { entities: [entity] } }),
    observed: await peer.callTool({
      name: 'add_observations',
      arguments: { observations: [{ entityName: 'Ada', contents: ['knew Babbage'] }] },
    }),
    found: await peer.callTool({ name: 'search_nodes', arguments: { query: 'Babbage' } }),
    deleted: await peer.callTool({ name: 'delete_entities', arguments: { entityNames: ['Ada'] } }),
    graph: await peer.callTool({ name: 'read_graph', arguments: {} }),
  };
}

/** How a call that must not succeed was refused; v1 and v2 of the SDK reject or answer with `isError`. */
async function refusal(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    return { code, message };
  }
}
