import type { Logger } from 'pino'
import type { ServiceContext } from '../service/context.ts'
import { fillContents } from '../service/maintenance/fill-contents.ts'

/** Lets search find what older versions have stored, in the background. Returns a function that stops it. */
export function indexOlder(ctx: ServiceContext, log: Logger): () => Promise<void> {
  const stopped = new AbortController()
  const filling = fillContents(ctx, {
    inspect: ctx.inspect,
    write: (work) => ctx.commits.run(work),
    failed: ({ name }, err) =>
      log.warn({ err, revision: name }, 'cannot index the files of a revision: search does not find them'),
    signal: stopped.signal,
  })
  const told = filling.then(
    (revisions) => {
      if (revisions > 0) log.info({ revisions }, 'indexed the files of revisions that search did not find')
    },
    (err) => log.error({ err }, 'cannot index the files that search does not find: verify --fix does so'),
  )
  return async () => {
    stopped.abort()
    await told
  }
}
