/**
 * Compiles a filter to an SQL condition. Values are bound, never written into the text. Full-text terms become
 * `text_hit(term, id)`, a lookup in the set of rows that the term was found in: see views/text-hits.ts.
 */
import type { Filter, FilterKey, FilterValue } from '../../shared/filters/filter-tree.ts';

export type RowMode = 'exchanges' | 'frames';

export interface CompiledFilter {
  /** A condition over `r`, the row (exchange or frame). */
  readonly sql: string;
  readonly params: readonly (string | number)[];
  /** FTS5 queries by term number. */
  readonly textTerms: readonly string[];
  /** Terms that every row must have; not empty means that only rows found by full text need a look. */
  readonly requiredTerms: readonly number[];
  /** Frames: the filter looks at the frame's exchange, so a change of that changes the frame's place. */
  readonly usesExchange: boolean;
}

export function compileFilter(filter: Filter, mode: RowMode): CompiledFilter {
  const compiler = new Compiler(mode);
  const sql = compiler.compile(filter);
  return {
    sql,
    params: compiler.params,
    textTerms: compiler.textTerms,
    requiredTerms: compiler.requiredTerms(filter),
    usesExchange: compiler.usesExchange,
  };
}

class Compiler {
  readonly params: (string | number)[] = [];
  readonly textTerms: string[] = [];
  usesExchange = false;
  #mode: RowMode;
  #termOf = new Map<Filter, number>();

  constructor(mode: RowMode) {
    this.#mode = mode;
  }

  compile(filter: Filter): string {
    switch (filter.kind) {
      case 'all':
        return '1';
      case 'and':
        return `(${filter.parts.map(part => this.compile(part)).join(' AND ')})`;
      case 'or':
        return `(${filter.parts.map(part => this.compile(part)).join(' OR ')})`;
      case 'not':
        // A missing value (no duration yet) makes a comparison NULL; its opposite shall be true.
        return `NOT coalesce(${this.compile(filter.part)}, 0)`;
      case 'text': {
        const term = this.textTerms.push(textQuery(filter.text, filter.isPhrase)) - 1;
        this.#termOf.set(filter, term);
        return `text_hit(${term}, r.id)`;
      }
      case 'match':
        return `(${filter.values.map(value => this.#compileMatch(filter.key, value)).join(' OR ')})`;
    }
  }

  requiredTerms(filter: Filter): number[] {
    if (filter.kind === 'text') return [this.#termOf.get(filter) ?? 0];
    return filter.kind === 'and' ? filter.parts.flatMap(part => (part.kind === 'text' ? [this.#termOf.get(part) ?? 0] : [])) : [];
  }

  #compileMatch(key: FilterKey, value: FilterValue): string {
    switch (key) {
      case 'server':
      case 'client':
      case 'session':
        return `r.session_key IN (SELECT key FROM session WHERE ${this.#sessionIs(key, value)})`;
      case 'method':
        return this.#onExchange(row => this.#exactCase(`${row}.method`, value), true);
      case 'tool':
        return this.#onExchange(row => `(${row}.method = 'tools/call' AND ${this.#exactCase(`${row}.target`, value)})`, true);
      case 'status':
        return this.#onExchange(row => this.#exactCase(`${row}.status`, value), false);
      case 'id':
        return this.#idIs(value);
      case 'kind':
        return value.kind === 'exact' ? this.#kindIs(value.text) : '0';
      case 'from':
        return this.#bind('r.direction = ?', isClient(value) ? 'fromClient' : 'fromServer');
      case 'dur':
      case 'time':
      case 'size':
        return this.#compare(columns[key][this.#mode], value);
    }
  }

  #sessionIs(key: 'server' | 'client' | 'session', value: FilterValue): string {
    if (key !== 'session') return this.#anyCase(`${key}_name`, value);
    return `${this.#exactCase('id', value)} OR (name <> '' AND ${this.#anyCase('name', value)})`;
  }

  /** In frame mode a frame counts when its exchange does (an answer has no method of its own), or it does itself. */
  #onExchange(condition: (row: string) => string, isOnFrame: boolean): string {
    if (this.#mode === 'exchanges') return condition('r');
    this.usesExchange = true;
    const own = isOnFrame ? `${condition('r')} OR ` : '';
    return `(${own}EXISTS (SELECT 1 FROM exchange x WHERE x.session_key = r.session_key AND x.first_seq = r.exchange_seq AND ${condition('x')}))`;
  }

  #exactCase(column: string, value: FilterValue): string {
    if (value.kind === 'glob') return this.#bind(`${column} GLOB ?`, globPattern(value.pattern));
    return this.#bind(`${column} = ?`, value.kind === 'exact' ? value.text : '');
  }

  /** For names that people choose: `server:GitHub` finds `github`. */
  #anyCase(column: string, value: FilterValue): string {
    if (value.kind === 'glob') return this.#bind(`lower(${column}) GLOB lower(?)`, globPattern(value.pattern));
    return this.#bind(`${column} = ? COLLATE NOCASE`, value.kind === 'exact' ? value.text : '');
  }

  /** `7` finds the number and the text: on the wire `7` and `"7"` are different ids, to a reader they look alike. */
  #idIs(value: FilterValue): string {
    if (value.kind === 'glob') return this.#bind(`trim(r.id_text, '"') GLOB ?`, globPattern(value.pattern));
    const text = value.kind === 'exact' ? value.text : '';
    return `${this.#bind('r.id_text = ?', text)} OR ${this.#bind('r.id_text = ?', JSON.stringify(text))}`;
  }

  #kindIs(word: string): string {
    const isFrame = this.#mode === 'frames';
    switch (word) {
      case 'req':
        return `r.kind = 'request'`;
      case 'res':
        return isFrame ? `r.kind IN ('result', 'error')` : `(r.kind = 'response' OR r.response_seq IS NOT NULL)`;
      case 'note':
        return `r.kind = 'notification'`;
      default:
        return this.#bind('r.kind = ?', word);
    }
  }

  #compare(column: string, value: FilterValue): string {
    return value.kind === 'compare' ? this.#bind(`${column} ${value.comparison} ?`, value.amount) : '0';
  }

  #bind(sql: string, param: string | number): string {
    this.params.push(param);
    return sql;
  }
}

/** What is compared, of a row in either mode. */
const columns = {
  dur: { exchanges: 'r.duration_ms', frames: 'r.latency_ms' },
  time: { exchanges: 'r.started_at', frames: 'r.at' },
  size: { exchanges: 'r.size_bytes', frames: 'r.size_bytes' },
} as const;

function isClient(value: FilterValue): boolean {
  return value.kind === 'exact' && value.text === 'client';
}

/** Only `*` has a meaning in ours; the other signs of GLOB are taken literally. */
function globPattern(pattern: string): string {
  return pattern.replaceAll(/[[?]/g, '[$&]');
}

/** A quoted FTS5 string: its tokens in sequence; for a bare word the last one may be a beginning. */
export function textQuery(text: string, isPhrase: boolean): string {
  const quoted = `"${text.replaceAll('"', '""')}"`;
  return isPhrase ? quoted : `${quoted}*`;
}
