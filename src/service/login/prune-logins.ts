import { deleteDeviceLoginsBefore } from '../../database/access/device-logins.ts'
import { deleteEndedSessions } from '../../database/access/sessions.ts'
import { SESSION_LIFETIME } from '../../domain/access/session.ts'
import type { ServiceContext } from '../context.ts'

/** Deletes sessions and device logins that have expired. */
export async function pruneLogins({ commits, now }: Pick<ServiceContext, 'commits' | 'now'>): Promise<void> {
  const time = now()
  const expired = time.toISOString()
  const used = new Date(time.getTime() - SESSION_LIFETIME.idle).toISOString()
  await commits.run(async (transaction) => {
    await deleteEndedSessions(transaction, { expired, used })
    await deleteDeviceLoginsBefore(transaction, expired)
  })
}
