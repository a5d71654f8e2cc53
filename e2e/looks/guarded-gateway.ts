/** A gateway with policies, for pictures: calls recorded before it, a draft beside what is in force. */
import type { Page } from '@playwright/test';
import { freePort, gatewayFile, throughGateway, writeConfigFile } from '../gateway-file.ts';
import { startServer } from '../traffic.ts';
import { goTo } from '../window-page.ts';

const policies = `policies:
  # agreed with the platform team in March
  - id: no-prod-delete
    effect: deny
    match: { methods: [tools/call], servers: [files], tools: ["delete_*"] }
    when: 'has(args.path) && args.path.startsWith("/prod") && !("admin" in principal.roles)'
    message: Deleting under /prod needs the admin role
  - id: only-tmp
    effect: require
    match: { methods: [tools/call], tools: ["*_file"] }
    when: 'args.path.startsWith("/tmp/") && !args.path.contains("..")'
    mode: shadow
  - { id: note-sampling, effect: log, mode: off, match: { methods: [sampling/createMessage], clients: [Cursor] } }
`;

/** Puts it before a server, sends calls, and opens a policy on the page. Gives what ends the server. */
export async function guardedGateway(dataDir: string, page: Page): Promise<() => Promise<void>> {
  const [server, port] = await Promise.all([startServer(), freePort()]);
  await goTo(page, 'Policies');
  writeConfigFile(dataDir, gatewayFile({ port, server: server.url, policies }));
  await page.getByRole('button', { name: 'no-prod-delete', exact: true }).waitFor();
  await page.getByText(/^In force since/).waitFor();
  const call = await throughGateway(port);
  const paths = ['/prod/atlas/limits.yaml', '/tmp/notes', '/prod/atlas/deploy.lock', '/home/ada/draft.md'];
  for (const path of paths) for (const tool of ['read_file', 'delete_file', 'write_file', 'list_directory']) await call(tool, { path });
  await page.getByRole('button', { name: 'no-prod-delete', exact: true }).click();
  await page.getByRole('button', { name: 'Run again' }).click();
  await page.getByText('judged by this text').waitFor();
  return () => server.close();
}

/** A draft that judges some calls otherwise, then one that is wrong. */
export async function draftedPolicy(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add a policy' }).click();
  await page.getByRole('menuitem', { name: 'Deny a tool' }).click();
  await page.getByRole('heading', { name: 'deny-tool' }).waitFor();
  const tool = page.getByRole('combobox', { name: 'Tool' });
  await tool.fill('write_*');
  await tool.press('Enter');
  await page.getByText('otherwise than now').waitFor();
}
