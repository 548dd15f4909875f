/** The caller of a use case. */
export type Actor = { name: string }
