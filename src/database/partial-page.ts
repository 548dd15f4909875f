/** One step of a search for a page of a list. */
export type PartialPage<Item, Position> = {
  items: Item[]
  /** Where the search stopped early: more items may follow this position. */
  lookedTo?: Position
}
