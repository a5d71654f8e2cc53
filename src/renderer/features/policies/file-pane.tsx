/** The whole file as text, with the host's problems and warnings at their lines. Loaded only with the page: the editor is large. */
import { useEffect, useRef } from 'react';
import type { ConfigDraft } from '../../../shared/model/config-draft.ts';
import { useWorkbench } from '../../state/use-workbench.ts';
import { yamlEditor, type Lines, type YamlEditor } from './yaml-editor.ts';

export interface FilePaneProps {
  readonly text: string;
  readonly read: ConfigDraft | undefined;
  /** Lines of the policy in the form. */
  readonly lines: Lines | undefined;
  /** A line that a person asked for; `at` tells two wishes for one line apart. */
  readonly wanted: { readonly line: number; readonly at: number } | undefined;
  readonly onText: (text: string) => void;
}

export function FilePane({ text, read, lines, wanted, onText }: FilePaneProps) {
  const { host } = useWorkbench();
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<YamlEditor>(undefined);
  const tell = useRef(onText);
  useEffect(() => {
    tell.current = onText;
  }, [onText]);
  const first = useRef(text);

  useEffect(() => {
    if (place.current === null) return;
    let schema: Readonly<Record<string, unknown>> | undefined;
    host.call('config.schema', {}).then(
      answer => (schema = answer.schema),
      // Without it there is no completion, and nothing else is missing.
      () => {},
    );
    const made = yamlEditor({ host: place.current, text: first.current, onText: next => tell.current(next), schema: () => schema });
    editor.current = made;
    return () => made.close();
  }, [host]);

  useEffect(() => editor.current?.show(text), [text]);
  useEffect(() => {
    if (read?.text === text) editor.current?.tell(read);
  }, [read, text]);

  const { from, to } = lines ?? {};
  useEffect(() => {
    const editing = editor.current;
    editing?.mark(from === undefined || to === undefined ? undefined : { from, to });
  }, [from, to, read]);
  useEffect(() => {
    // Where somebody is writing, nothing is scrolled away under their hands.
    if (from !== undefined && place.current !== document.activeElement) editor.current?.goTo(from, false);
  }, [from]);
  useEffect(() => {
    if (wanted !== undefined) editor.current?.goTo(wanted.line, true);
  }, [wanted]);

  return <div ref={place} className="yaml" />;
}
