/** The application menu. Only what a desktop expects; everything of ours is in the window and its palette. */
import { app, Menu, shell, type MenuItemConstructorOptions } from 'electron';

const homepage = 'https://modelcontextprotocol.io';

export function setMenu(platform: NodeJS.Platform): void {
  const appMenu: MenuItemConstructorOptions[] = platform === 'darwin' ? [{ role: 'appMenu' }] : [];
  const template: MenuItemConstructorOptions[] = [
    ...appMenu,
    { role: 'fileMenu' },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { role: 'reload' },
        { role: 'toggleDevTools' },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
    { role: 'help', submenu: [{ label: 'About the Model Context Protocol', click: () => void shell.openExternal(homepage) }] },
  ];
  app.setName('Shadowcat');
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
