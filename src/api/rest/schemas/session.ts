import { z } from '@hono/zod-openapi'
import type { Session } from '../../../domain/access/session.ts'
import { listOf, timestamp } from './common.ts'

const sessionSchema = z
  .strictObject({
    id: z.string().openapi({
      description: 'Id of the session, which is no secret.',
      example: '019b7a3e-5c00-7c1e-8f5d-3a1c55f0e3a1',
    }),
    current: z.boolean().openapi({ description: 'Whether the request came with it.', example: true }),
    address: z
      .string()
      .nullable()
      .openapi({ description: 'Address of the browser at the login.', example: '192.0.2.7' }),
    userAgent: z.string().nullable().openapi({
      description: 'What the browser called itself.',
      example: 'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0',
    }),
    createdAt: timestamp('Time of the login.'),
    lastUsedAt: timestamp('Time of a recent use, up to 5 minutes before the last.'),
    expiresAt: timestamp('Time at which it ends in any case; without use it ends 8 hours after the last.'),
  })
  .openapi('Session', { description: 'The session of a person in a browser.' })

export const sessionListSchema = listOf(sessionSchema, 'SessionList')

/** `current`: the id of the session of the request. */
export function toSessionView(
  { principalId: _, ...session }: Session,
  current: string | undefined,
): z.output<typeof sessionSchema> {
  return {
    ...session,
    current: session.id === current,
    address: session.address ?? null,
    userAgent: session.userAgent ?? null,
  }
}
