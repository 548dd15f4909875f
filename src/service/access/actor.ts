/** Who calls a use case. */
export type Actor = { name: string }
