/**
 * CodeMirror for the configuration. It stands in a shadow root: only there does it style itself by `adoptedStyleSheets`,
 * which the window's content security policy permits, and not by a style element, which it forbids.
 */
import { autocompletion, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, indentUnit } from '@codemirror/language';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Annotation, EditorState, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  type DecorationSet,
} from '@codemirror/view';
import type { ConfigProblem } from '../../../shared/model/gateway-state.ts';
import { yamlCompletion } from './yaml-completion.ts';
import { diagnosticsOf } from './yaml-lint.ts';
import { yamlTheme } from './yaml-theme.ts';

export interface YamlEditorOptions {
  readonly host: HTMLElement;
  readonly text: string;
  readonly onText: (text: string) => void;
  /** Undefined until the host told it. */
  readonly schema: () => Readonly<Record<string, unknown>> | undefined;
}

export interface Lines {
  readonly from: number;
  readonly to: number;
}

/** Marks a change that does not come from the person in the editor. */
const fromElsewhere = Annotation.define<boolean>();
const markLines = StateEffect.define<Lines | undefined>();
const policyLine = Decoration.line({ class: 'cm-policy' });

const markedLines = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(markLines)) continue;
      const { doc } = transaction.state;
      const { from = 1, to = 0 } = effect.value ?? {};
      const lines = Array.from({ length: Math.max(0, Math.min(to, doc.lines) - from + 1) }, (_, step) => doc.line(from + step));
      next = Decoration.set(lines.map(line => policyLine.range(line.from)));
    }
    return next;
  },
  provide: field => EditorView.decorations.from(field),
});

export type YamlEditor = ReturnType<typeof yamlEditor>;

export function yamlEditor({ host, text, onText, schema }: YamlEditorOptions) {
  // The editor knows one kind of line end; a file with the other keeps its own.
  const hasCrLf = text.includes('\r\n');
  const written = (doc: string) => (hasCrLf ? doc.replaceAll('\n', '\r\n') : doc);
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        lintGutter(),
        history(),
        drawSelection(),
        bracketMatching(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        highlightSelectionMatches(),
        indentUnit.of('  '),
        yaml(),
        autocompletion({ override: [yamlCompletion(schema)] }),
        markedLines,
        yamlTheme,
        EditorView.contentAttributes.of({ 'aria-label': 'Configuration as YAML', tabindex: '0' }),
        // Escape and then Tab leaves the editor; Tab alone indents.
        keymap.of([...completionKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
        EditorView.updateListener.of(update => {
          const isOurs = update.transactions.some(transaction => transaction.annotation(fromElsewhere) === true);
          if (update.docChanged && !isOurs) onText(written(update.state.doc.toString()));
        }),
      ],
    }),
  });
  // The letters typed here are no shortcuts of the window, which cannot see into a shadow root that this is a text field.
  const keepKeys = (event: KeyboardEvent) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  };
  host.addEventListener('keydown', keepKeys);

  return {
    /** Takes over a text that changed elsewhere; cursor and history stay. */
    show(next: string) {
      const { doc } = view.state;
      const [now, wanted] = [doc.toString(), next.replaceAll('\r\n', '\n')];
      if (now === wanted) return;
      view.dispatch({ changes: changeBetween(now, wanted), annotations: fromElsewhere.of(true) });
    },
    tell(found: { readonly problems: readonly ConfigProblem[]; readonly warnings: readonly ConfigProblem[] }) {
      view.dispatch(setDiagnostics(view.state, diagnosticsOf(view.state.doc, found)));
    },
    mark(lines: Lines | undefined) {
      view.dispatch({ effects: markLines.of(lines) });
    },
    /** Scrolls a line into sight; with the cursor in it when a person asked to go there. */
    goTo(line: number, isCursor: boolean) {
      const { from } = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
      view.dispatch({ effects: EditorView.scrollIntoView(from, { y: 'center' }), ...(isCursor ? { selection: { anchor: from } } : {}) });
      if (isCursor) view.focus();
    },
    close() {
      host.removeEventListener('keydown', keepKeys);
      view.destroy();
    },
  };
}

/** The one stretch that differs, so that the cursor outside of it stays where it is. */
function changeBetween(now: string, next: string): { from: number; to: number; insert: string } {
  let start = 0;
  const most = Math.min(now.length, next.length);
  while (start < most && now[start] === next[start]) start += 1;
  let end = 0;
  while (end < most - start && now[now.length - 1 - end] === next[next.length - 1 - end]) end += 1;
  return { from: start, to: now.length - end, insert: next.slice(start, next.length - end) };
}
