import { OpenAPIHono } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { server } from '../../../http/scope.ts'
import { backup } from '../../../service/maintenance/backup/backup.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { noQuery } from '../schemas/common.ts'
import { writeErrors } from '../schemas/problem.ts'

const TAR = 'application/x-tar'

const makeBackup = defineRoute({
  method: 'post',
  path: '/backups',
  operationId: 'backup',
  operation: { needs: { 'server.operate': server }, load: 'write', writesDisk: true },
  summary: 'Download a backup',
  description:
    'A consistent snapshot of all data as a tar, for `pkgserver restore`: the index, and the files of the embedded registry. It does not contain artifacts in S3 or in an external registry. Reads and writes go on meanwhile. The backup is complete only if it ends with the file `SHA256SUMS`. The response is 409 `not_available` if all data is in memory.',
  tags: ['Operations'],
  request: { query: noQuery },
  responses: {
    200: {
      description: 'The backup.',
      content: { [TAR]: { schema: { type: 'string' as const, format: 'binary' } } },
    },
    ...writeErrors(409),
  },
})

export function backupRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()
  app.openapi(makeBackup, async (c) => {
    const content = await backup(ctx, actorOf(c), c.req.raw.signal)
    return c.body(ReadableStream.from(content) as ReadableStream, 200, { 'Content-Type': TAR })
  })
  return app
}
