/** What the keys ask of the table that is on screen, and what they may ask it. */

interface Table {
  readonly reveal: (index: number, isCursor: boolean) => void;
  readonly firstVisible: () => number;
}

let current: Table | undefined;

export const tableEvents = {
  /** The table announces itself while it is mounted. */
  attach(table: Table): () => void {
    current = table;
    return () => {
      if (current === table) current = undefined;
    };
  },
  /** Scrolls a row into sight and, as the cursor, selects it. */
  reveal: (index: number, isCursor: boolean): void => current?.reveal(index, isCursor),
  firstVisible: (): number => current?.firstVisible() ?? 0,
};
