/** A payload as a tree: fold, copy path or value, unfold JSON inside of texts. Only lines in sight exist. */
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { visibleText } from '../../../../shared/text/visible-text.ts';
import { count } from '../../../formats/size.ts';
import { jsonLines, noFolding, pathText, withMoreShown, withToggled, type JsonLine } from '../../../formats/json-lines.ts';
import { cn } from '../../../ui/cn.ts';
import { CopyButton } from '../../../ui/copy-button.tsx';

const LINE_PX = 20;
/** Longer texts are cut in their line; copying gives all of it. */
const MAX_SHOWN = 2000;

export function JsonTree({ title, value }: { readonly title: string; readonly value: unknown }) {
  const [folding, setFolding] = useState(noFolding);
  const [selectedKey, setSelectedKey] = useState<string>();
  const scroller = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => jsonLines(value, folding), [value, folding]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 20,
  });
  const selected = lines.find(line => lineKey(line) === selectedKey);

  const act = (line: JsonLine) => {
    if (line.shape === 'more') setFolding(withMoreShown(folding, line.key));
    else if (line.shape !== 'leaf' && line.shape !== 'close' && line.count > 0) setFolding(withToggled(folding, line.key));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = lines.findIndex(line => lineKey(line) === selectedKey);
    const line = lines[at];
    const go = (to: number) => {
      const next = lines[Math.min(Math.max(to, 0), lines.length - 1)];
      if (next === undefined) return;
      setSelectedKey(lineKey(next));
      virtual.scrollToIndex(lines.indexOf(next));
    };
    if (event.key === 'ArrowDown') go(at + 1);
    else if (event.key === 'ArrowUp') go(at - 1);
    else if (event.key === 'Home') go(0);
    else if (event.key === 'End') go(lines.length - 1);
    else if (line !== undefined && (event.key === 'Enter' || event.key === ' ')) act(line);
    else if (line !== undefined && event.key === 'ArrowRight' && !line.isOpen) act(line);
    else if (line !== undefined && event.key === 'ArrowLeft' && line.isOpen) act(line);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <>
      <div
        ref={scroller}
        className="tree scroll-keys"
        role="tree"
        aria-label={title}
        tabIndex={0}
        aria-activedescendant={selectedKey === undefined ? undefined : domId(selectedKey)}
        onKeyDown={onKeyDown}
      >
        <div className="tree-lines" role="presentation" style={{ height: `${virtual.getTotalSize()}px` }}>
          {virtual.getVirtualItems().map(item => {
            const line = lines[item.index];
            if (line === undefined) return null;
            const key = lineKey(line);
            return (
              <Line
                key={key}
                line={line}
                top={item.start}
                isSelected={key === selectedKey}
                onPick={() => {
                  setSelectedKey(key);
                  act(line);
                }}
              />
            );
          })}
        </div>
      </div>
      {selected !== undefined && selected.shape !== 'close' && selected.shape !== 'more' && (
        <footer className="path">
          <span className="clip" title={visibleText(pathText(selected.path))}>
            {visibleText(pathText(selected.path)) || '(the whole message)'}
          </span>
          <span className="end">
            <CopyButton text={pathText(selected.path)} label="Copy the path" />
            <CopyButton text={() => asText(selected.value)} label="Copy the value" />
          </span>
        </footer>
      )}
    </>
  );
}

interface LineProps {
  readonly line: JsonLine;
  readonly top: number;
  readonly isSelected: boolean;
  readonly onPick: () => void;
}

function Line({ line, top, isSelected, onPick }: LineProps) {
  const canFold = line.count > 0 && (line.shape === 'object' || line.shape === 'array' || line.shape === 'embedded');
  const isReadOut = line.shape !== 'close';
  return (
    // The tree has the focus and the keys.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus, jsx-a11y/no-static-element-interactions
    <div
      id={domId(lineKey(line))}
      className={cn('jl', isSelected && 'sel')}
      role={isReadOut ? 'treeitem' : 'presentation'}
      aria-level={isReadOut ? line.depth + 1 : undefined}
      aria-expanded={canFold ? line.isOpen : undefined}
      aria-selected={isReadOut ? isSelected : undefined}
      style={{ transform: `translateY(${top}px)`, paddingLeft: `${6 + line.depth * 12}px` }}
      onClick={onPick}
    >
      <span className="tw">
        {canFold &&
          (line.isOpen ? <ChevronDown className="i s" aria-hidden="true" /> : <ChevronRight className="i s" aria-hidden="true" />)}
      </span>
      <span className="v">
        {line.label !== undefined && (
          <>
            <span className="k">{visibleText(line.label)}</span>
            {': '}
          </>
        )}
        <Value line={line} />
      </span>
    </div>
  );
}

function Value({ line }: { readonly line: JsonLine }) {
  const { value, shape, isOpen } = line;
  switch (shape) {
    case 'object':
      if (line.count === 0) return '{}';
      return isOpen ? (
        '{'
      ) : (
        <>
          {'{ '}
          <span className="hint">{visibleText(hintOf(value))}</span>
          {' }'}
        </>
      );
    case 'array':
      if (line.count === 0) return '[]';
      return isOpen ? (
        <>
          {'[ '}
          <span className="hint">{items(line.count)}</span>
        </>
      ) : (
        <>
          {'[ '}
          <span className="hint">{items(line.count)}</span>
          {' ]'}
        </>
      );
    case 'close':
      return Array.isArray(value) ? ']' : '}';
    case 'embedded':
      return (
        <>
          <span className="badge">{`JSON in text, ${count(line.count)} characters`}</span>
          {!isOpen && <span className="str"> {visibleText(JSON.stringify(String(value).slice(0, 200)))}</span>}
        </>
      );
    case 'more':
      return <span className="link">Show more ({count(line.count)} left)</span>;
    case 'leaf':
      return <Leaf value={value} />;
  }
}

function Leaf({ value }: { readonly value: unknown }) {
  if (typeof value === 'string') {
    const isCut = value.length > MAX_SHOWN;
    return (
      <>
        <span className="str" title={value.length > 60 ? visibleText(value.slice(0, 1000)) : undefined}>
          {visibleText(JSON.stringify(isCut ? value.slice(0, MAX_SHOWN) : value))}
        </span>
        {isCut && <span className="badge">{count(value.length)} characters</span>}
      </>
    );
  }
  if (typeof value === 'number') return <span className="n">{String(value)}</span>;
  return <span className="w">{String(value)}</span>;
}

function lineKey(line: JsonLine): string {
  return line.shape === 'more' ? `${line.key}/more` : line.key;
}

function domId(key: string): string {
  return `json-${key.replaceAll(/\s/g, '_')}`;
}

function items(length: number): string {
  return `${count(length)} ${length === 1 ? 'item' : 'items'}`;
}

function hintOf(value: unknown): string {
  const keys = Object.keys(value as object);
  const shown = keys.slice(0, 4).join(', ');
  return keys.length > 4 ? `${shown}, …` : shown;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
}
