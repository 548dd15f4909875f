/** Sessions of people in browsers. */

export type Session = {
  /** No secret, unlike what the browser has. */
  id: string
  principalId: string
  address: string | undefined
  userAgent: string | undefined
  createdAt: string
  /** A recent use, up to some minutes before the last. */
  lastUsedAt: string
  expiresAt: string
}

const HOUR = 60 * 60_000

/** In milliseconds. `idle`: without use; `whole`: in any case. */
export const SESSION_LIFETIME = { idle: 8 * HOUR, whole: 24 * HOUR } as const
