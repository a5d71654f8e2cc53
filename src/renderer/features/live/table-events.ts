/** What the keys ask of the table that is on screen, and what they may ask it. */

interface Table {
  readonly reveal: (index: number, isCursor: boolean) => void;
  readonly firstVisible: () => number;
}

let current: Table | undefined;
let left = { generation: -1, offset: 0 };

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
  /** Where a table of this view was scrolled to, for the next one that shows it (another page was opened, the detail docks elsewhere). */
  leave(generation: number, offset: number): void {
    left = { generation, offset };
  },
  placeOf: (generation: number): number => (left.generation === generation ? left.offset : 0),
  firstVisible: (): number => current?.firstVisible() ?? 0,
};
