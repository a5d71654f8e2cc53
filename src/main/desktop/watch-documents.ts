/** Tells when a document of a window is gone: navigated away, reloaded, crashed, or closed with its window. */
import { app, type WebContents } from 'electron';

export function watchDocuments(gone: (contents: WebContents) => void): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('did-start-navigation', details => {
      if (details.isMainFrame && !details.isSameDocument) gone(contents);
    });
    contents.on('render-process-gone', () => gone(contents));
    contents.once('destroyed', () => gone(contents));
  });
}
