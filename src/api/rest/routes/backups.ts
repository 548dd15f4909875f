import { OpenAPIHono } from '@hono/zod-openapi'
import { everything } from '../../../http/scope.ts'
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
  operation: { needs: { delete: everything }, load: 'write', writesDisk: true },
  summary: 'Get a backup',
  description:
    'All data as one tar, as of one moment, for `pkgserver restore`: the index, and the files of the embedded registry. Artifacts in S3 or in a registry elsewhere are not in it. Others may read and write meanwhile. It is complete only if its last file, `SHA256SUMS`, is there. Answers 409 `not_available` where everything is in memory.',
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
    const content = await backup(ctx)
    return c.body(ReadableStream.from(content) as ReadableStream, 200, { 'Content-Type': TAR })
  })
  return app
}
