/** What was found of a page of a list in one go. */
export type PartialPage<Item, Position> = {
  items: Item[]
  /** There may be more behind this position: the search for it was broken off there. */
  lookedTo?: Position
}
