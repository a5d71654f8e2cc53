/** What the YAML reader complains of, as sentences that say what to do. */
import type { ErrorCode, YAMLParseError, YAMLWarning } from 'yaml';

const sentences: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'An alias (*name) has neither an anchor nor a tag; remove it.',
  BAD_ALIAS: 'Write the name of the anchor right behind the *, or put the text in quotes.',
  BAD_COLLECTION_TYPE: 'Remove the tag before this list or map.',
  BAD_DIRECTIVE: 'Remove this line: directives (%) are not used here.',
  BAD_DQ_ESCAPE: 'A backslash in double quotes begins an escape; double it, or use single quotes.',
  BAD_INDENT: 'The indentation does not fit the lines above, or a [ or { is not closed; align the entry with its neighbours.',
  BAD_PROP_ORDER: 'Anchors and tags stand before the value; move them.',
  BAD_SCALAR_START: 'A value that begins with this sign needs quotes.',
  BLOCK_AS_IMPLICIT_KEY: 'Two keys stand in one line; put the second one in a line of its own, or the value in quotes.',
  BLOCK_IN_FLOW: 'Within [ ] and { } write values in one line, separated by commas.',
  IMPOSSIBLE: 'This cannot be read; put the value in quotes.',
  KEY_OVER_1024_CHARS: 'This key is too long; is a colon or a quote missing?',
  MISSING_CHAR: 'Something is not closed or separated here: look for a missing quote, comma, space or bracket.',
  MULTILINE_IMPLICIT_KEY: 'A key ends in the line it begins in; is a colon missing, or a quote not closed?',
  MULTIPLE_ANCHORS: 'A value has one anchor (&name); remove the others.',
  MULTIPLE_DOCS: 'The file holds more than one document; remove the line "---" and what follows, or join the two.',
  MULTIPLE_TAGS: 'Remove the tags.',
  NON_STRING_KEY: 'A key is one word here.',
  RESOURCE_EXHAUSTION: 'The file is nested too deeply here.',
  TAB_AS_INDENT: 'A tab stands where spaces belong; indent with spaces.',
  TAG_RESOLVE_FAILED: 'Remove the tag (!name), or put the value in quotes when it begins with "!".',
  UNEXPECTED_TOKEN: 'This does not fit what stands before it: look for a missing quote, colon or space, or a wrong indentation.',
};

const stray =
  'This line is indented neither like the keys of the entry above nor like the entries; align it with the key behind "- ", or begin it with "- ".';
const openQuote = 'A quote was opened above and never closed; close it in the line where it begins.';

export function yamlErrorText(error: YAMLParseError | YAMLWarning, text: string): string {
  if (error.code === 'MISSING_CHAR' && text.slice(...error.pos).includes('\t')) return sentences.TAB_AS_INDENT ?? error.message;
  if (error.code === 'MISSING_CHAR' && error.message.startsWith('Sequence item without -')) return stray;
  if (error.code === 'MISSING_CHAR' && error.message.startsWith('Missing closing')) return openQuote;
  if (error.code === 'BLOCK_AS_IMPLICIT_KEY' && keysIn(text, error.pos[0]) < 2) return sentences.BAD_INDENT ?? error.message;
  return sentences[error.code] ?? `${error.message}.`;
}

/** How many keys stand in the line of a place; one alone is no second key but a line at the wrong indentation. */
function keysIn(text: string, at: number): number {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at);
  return text.slice(start, end === -1 ? undefined : end).match(/:(?=\s|$)/g)?.length ?? 0;
}
