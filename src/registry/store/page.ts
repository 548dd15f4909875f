import type { Child, Page } from './blob-store.ts'

/** The part of a sorted folder that a page asks for. */
export function pageOf(sorted: Child[], { after, limit }: Page = {}): Child[] {
  const rest = after === undefined ? sorted : sorted.filter(({ name }) => name > after)
  return limit === undefined ? rest : rest.slice(0, limit)
}
