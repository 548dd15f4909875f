import type { Child, Page } from './blob-store.ts'

/** Returns a page of a folder, in ASCII order. */
export function pageOf(children: Child[], { after, limit }: Page = {}): Child[] {
  const rest = after === undefined ? children : children.filter(({ name }) => name > after)
  return rest.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limit)
}
