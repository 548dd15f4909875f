/** Joins at most `limit` names for a message, which says if there are more. */
export function firstFew(names: readonly string[], limit: number): string {
  return names.slice(0, limit).join(', ') + (names.length > limit ? ' and more' : '')
}
