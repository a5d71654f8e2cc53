/** The editor's look by our tokens, which inherit into its shadow root, and so follow every theme. */
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const panel = { backgroundColor: 'var(--surface-2)', color: 'var(--text-1)', borderColor: 'var(--border-1)' };
const floating = {
  backgroundColor: 'var(--surface-pop)',
  color: 'var(--text-1)',
  border: '0',
  borderRadius: 'var(--radius-2)',
  boxShadow: 'var(--shadow-3)',
};
const squiggle = (color: string) => ({
  backgroundImage: 'none',
  textDecoration: `underline wavy ${color} 1px`,
  textUnderlineOffset: '3px',
});

const look = EditorView.theme({
  '&': { height: '100%', color: 'var(--text-1)', backgroundColor: 'var(--surface-1)', fontSize: 'var(--size-2)' },
  '&.cm-focused': { outline: 'none', boxShadow: 'inset 0 0 0 2px var(--focus)' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '19px', scrollbarWidth: 'thin' },
  '.cm-content': { padding: 'var(--space-4) 0', caretColor: 'var(--text-1)' },
  '.cm-cursor': { borderLeftColor: 'var(--text-1)' },
  '.cm-gutters': { backgroundColor: 'var(--surface-1)', color: 'var(--text-3)', border: '0' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 var(--space-5) 0 var(--space-4)', minWidth: '34px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--surface-3) 45%, transparent)' },
  '.cm-policy': { backgroundColor: 'var(--select-row)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 30%, transparent)',
  },
  '.cm-selectionMatch, .cm-searchMatch': { backgroundColor: 'var(--status-warn-soft)' },
  '.cm-searchMatch-selected': { outline: '1px solid var(--status-warn)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--surface-3)', outline: '1px solid var(--border-3)' },
  '.cm-lintRange-error': squiggle('var(--status-error)'),
  '.cm-lintRange-warning': squiggle('var(--status-warn)'),
  '.cm-gutter-lint': { width: '14px' },
  '.cm-gutter-lint .cm-gutterElement': { padding: '0 2px', display: 'grid', placeItems: 'center' },
  '.cm-lint-marker': { content: 'none', width: '10px', height: '10px', font: 'bold 10px/10px var(--font-ui)', textAlign: 'center' },
  '.cm-lint-marker-error': { content: 'none', color: 'var(--status-error)' },
  '.cm-lint-marker-error::before': { content: '"✕"' },
  '.cm-lint-marker-warning': { content: 'none', color: 'var(--status-warn)' },
  '.cm-lint-marker-warning::before': { content: '"▲"' },
  '.cm-tooltip': floating,
  '.cm-diagnostic': { font: 'var(--size-3)/1.5 var(--font-ui)', padding: 'var(--space-3) var(--space-5)', maxWidth: '440px' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--status-error)' },
  '.cm-diagnostic-warning': { borderLeft: '3px solid var(--status-warn)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--font-mono)', maxHeight: '14em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px var(--space-4)', lineHeight: '18px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent-soft)', color: 'var(--text-1)' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: 'var(--weight-strong)' },
  '.cm-completionIcon': { display: 'none' },
  '.cm-completionInfo': { font: 'var(--size-2)/1.5 var(--font-ui)', padding: 'var(--space-3) var(--space-4)', maxWidth: '300px' },
  '.cm-panels': panel,
  '.cm-panels.cm-panels-bottom': { borderTop: '1px solid var(--border-1)' },
  '.cm-panel.cm-search': { font: 'var(--size-3)/1.6 var(--font-ui)', padding: 'var(--space-3) var(--space-4)' },
  '.cm-panel.cm-search label': { fontSize: 'var(--size-2)' },
  '.cm-textfield': {
    backgroundColor: 'var(--surface-1)',
    color: 'var(--text-1)',
    border: '1px solid var(--border-2)',
    borderRadius: 'var(--radius-1)',
  },
  '.cm-button': {
    backgroundImage: 'none',
    backgroundColor: 'var(--surface-1)',
    color: 'var(--text-1)',
    border: '1px solid var(--border-2)',
    borderRadius: 'var(--radius-1)',
  },
  '.cm-panel.cm-search [name=close]': { color: 'var(--text-2)' },
});

const words = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.labelName], color: 'var(--json-key)' },
  { tag: [tags.string, tags.content, tags.attributeValue], color: 'var(--text-1)' },
  { tag: [tags.special(tags.string), tags.string], color: 'var(--json-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--json-number)' },
  { tag: [tags.keyword, tags.typeName, tags.meta], color: 'var(--json-word)' },
  { tag: tags.comment, color: 'var(--text-3)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator, tags.bracket], color: 'var(--text-2)' },
]);

export const yamlTheme = [look, syntaxHighlighting(words)];
