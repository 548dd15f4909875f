import type { OpenAPIHono } from '@hono/zod-openapi'

const DESCRIPTION = `pkgserver stores packages of Kubernetes YAML and runs their life: draft, review, publication, retirement. Each package revision is an OCI artifact in the registry at \`/v2/\` of the same server: Flux, Argo CD, Config Sync and the oras CLI pull it from there.

**Names.** A package revision is called \`<repository>.<package with "/" as ".">.<workspace>\`.

**Concurrency.** Each object has a \`resourceVersion\`, and GET answers with it as \`ETag\`. PUT, PATCH and DELETE need \`If-Match\` (428 without; \`*\` goes ahead whatever is there), the verbs of the lifecycle honour it. Where somebody else was faster, the answer is 412 and nothing has changed.

**Errors** are problem documents (RFC 9457); \`code\` is for programs, \`detail\` says what to do.`

/** Answers that requests get before anybody has looked at what they ask for: without a body. */
const OF_THE_CONNECTION = {
  408: { description: 'The client sends so slowly that it was cut off.' },
  431: { description: 'The path, the query and the headers are longer than 16 KiB together.' },
}

type Operation = { requestBody?: { content?: object; required?: boolean }; responses: object }

/** The OpenAPI 3.1 document of all routes that are mounted on an app. */
export function apiDocument(app: OpenAPIHono, version: string): object {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'pkgserver',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/', description: 'This server.' }],
    security: [],
    tags: [
      { name: 'Repositories', description: 'Named groups of packages.' },
      { name: 'Packages', description: 'Packages, in short.' },
      { name: 'Search', description: 'What package revisions contain.' },
      { name: 'Package revisions', description: 'The versions of a package, from draft to retirement.' },
      { name: 'Resources', description: 'The files of a package revision.' },
      { name: 'Lifecycle', description: 'What reviewers do.' },
      { name: 'Jobs', description: 'Upgrades and clones of many packages at once.' },
      { name: 'Webhooks', description: 'Who is told what happens to package revisions.' },
      { name: 'Operations', description: 'For whoever runs the server.' },
    ],
  })
  for (const path of Object.values(document.paths ?? {})) {
    for (const { requestBody, responses } of Object.values(path) as Operation[]) {
      Object.assign(responses, OF_THE_CONNECTION)
      // The library validates bodies of several types only where they are not required; the routes themselves
      // insist on those.
      if (requestBody?.content && 'application/gzip' in requestBody.content) requestBody.required = true
    }
  }
  return document
}
