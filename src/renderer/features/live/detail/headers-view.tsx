/** The HTTP head that came with a message. Headers of MCP stand out; one that disagrees with the body is marked. */
import { TriangleAlert } from 'lucide-react';
import type { ExchangeSummary } from '../../../../shared/model/exchange.ts';
import type { FrameSummary } from '../../../../shared/model/frame.ts';
import { visibleText } from '../../../../shared/text/visible-text.ts';
import { cn } from '../../../ui/cn.ts';
import { CopyButton } from '../../../ui/copy-button.tsx';

interface HeadersViewProps {
  readonly title: string;
  readonly frame: FrameSummary | undefined;
  readonly exchange: ExchangeSummary;
}

export function HeadersView({ title, frame, exchange }: HeadersViewProps) {
  const head = frame?.http;
  return (
    <section className="side" aria-label={`${title} headers`}>
      <header className="side-head">
        <b>{title}</b>
        {head !== undefined && (
          <>
            <span className="clip mono">
              {visibleText(head.method === undefined ? `HTTP ${head.status ?? ''}` : `${head.method} ${head.path ?? ''}`)}
            </span>
            <span className="end">
              <CopyButton
                text={() => head.headers.map(([name, value]) => `${name}: ${value}`).join('\n')}
                label={`Copy the ${title.toLowerCase()} headers`}
              />
            </span>
          </>
        )}
      </header>
      {head === undefined ? (
        <p className="side-empty">{exchange.transport === 'stdio' ? 'stdio has no headers.' : 'No HTTP head was recorded for it.'}</p>
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className="headers scroll-keys" tabIndex={0} role="region" aria-label={`${title} header list`}>
          <dl>
            {head.headers.map(([name, value], at) => {
              const problem = mismatch(name, value, exchange, frame);
              return (
                // A header may come twice; its place tells the two apart.
                <div key={`${name} ${at}`} className={cn(isMcp(name) && 'mcp', problem !== undefined && 'wrong')}>
                  <dt>{visibleText(name)}</dt>
                  <dd>
                    {visibleText(value)}
                    {problem !== undefined && (
                      <span className="badge error">
                        <TriangleAlert className="i s" aria-hidden="true" />
                        {visibleText(problem)}
                      </span>
                    )}
                  </dd>
                </div>
              );
            })}
          </dl>
        </div>
      )}
    </section>
  );
}

function isMcp(name: string): boolean {
  return /^(?:mcp-|last-event-id$)/i.test(name);
}

/** Only told where the recorder found that header and body disagree. */
function mismatch(name: string, value: string, exchange: ExchangeSummary, frame: FrameSummary | undefined): string | undefined {
  if (!exchange.flags.includes('header-mismatch') && frame?.flags.includes('header-mismatch') !== true) return undefined;
  if (/^mcp-method$/i.test(name) && value.trim() !== exchange.method) return `the body says ${exchange.method}`;
  if (/^mcp-name$/i.test(name) && exchange.target !== undefined && value.trim() !== exchange.target)
    return `the body says ${exchange.target}`;
  return undefined;
}
