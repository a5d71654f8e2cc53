/** The command line of the benchmark. */

export const partNames = ['proxy', 'gateway', 'bridge', 'sse', 'wrap', 'start'] as const;
export type PartName = (typeof partNames)[number];

export interface BenchOptions {
  readonly parts: readonly PartName[];
  readonly isQuick: boolean;
  readonly rounds: number;
  /** The time for all parts. A comparison that takes longer than its share stops after the round it is in. */
  readonly budgetMs: number;
}

/** Five rounds take about nine minutes, with what is outside of rounds. */
const roundBudgetMs = 110_000;

export const usage = `Usage: npm run bench -- [--quick] [--only proxy|gateway|bridge|sse|wrap|start] [--rounds N]

  --quick       a smoke run of a minute; its figures prove nothing
  --only PART   one part, or several with commas
  --rounds N    rounds of each comparison (default 5, quick 1)
`;

/** A sentence when the arguments cannot be understood. */
export function readOptions(argv: readonly string[]): BenchOptions | 'help' | { readonly problem: string } {
  let isQuick = false;
  let parts: readonly PartName[] = partNames;
  let rounds: number | undefined;
  const rest = argv.flatMap(word => (word.startsWith('--') && word.includes('=') ? splitOnce(word) : [word]));
  while (rest.length > 0) {
    const word = rest.shift();
    if (word === '--help' || word === '-h') return 'help';
    if (word === '--quick') isQuick = true;
    else if (word === '--only') {
      const named = (rest.shift() ?? '').split(',');
      const unknown = named.find(name => !(partNames as readonly string[]).includes(name));
      if (unknown !== undefined) return { problem: `--only takes ${partNames.join(', ')}, not "${unknown}"` };
      parts = partNames.filter(name => named.includes(name));
    } else if (word === '--rounds') {
      rounds = Number(rest.shift());
      if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) return { problem: '--rounds takes a whole number from 1 to 100' };
    } else return { problem: `unknown argument "${word ?? ''}"` };
  }
  const defaultRounds = isQuick ? 1 : 5;
  return { parts, isQuick, rounds: rounds ?? defaultRounds, budgetMs: isQuick ? 60_000 : roundBudgetMs * (rounds ?? defaultRounds) };
}

const splitOnce = (word: string): string[] => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)];
