import type { OpenAPIHono } from '@hono/zod-openapi'

const DESCRIPTION = `pkgserver stores packages of Kubernetes YAML and manages their lifecycle: draft, review, publication, retirement. Each package revision is an OCI artifact in the registry at \`/v2/\` of the same server, where Flux, Argo CD, Config Sync and the oras CLI pull it.

**Names.** The name of a package revision is \`<repository>.<package with "/" as ".">.<workspace>\`.

**Concurrency.** Each object has a \`resourceVersion\`, which GET returns as \`ETag\`. PUT, PATCH and DELETE require \`If-Match\` (428 without it; \`*\` matches any version); for the verbs of the lifecycle it is optional. If the object has changed in the meantime, the response is 412 and nothing is changed.

**Errors** are problem documents (RFC 9457): \`code\` is for programs, \`detail\` says what to do.`

/** Responses of the HTTP server itself, without a body. */
const FROM_HTTP_SERVER = {
  408: { description: 'The client sent too slowly.' },
  431: { description: 'Path, query and headers have more than 16 KiB, or there are more than 200 headers.' },
}

const SECURITY_SCHEMES = {
  token: { type: 'http', scheme: 'bearer', description: 'A token of this server.' },
  password: {
    type: 'http',
    scheme: 'basic',
    description: 'A token of this server as the password, with any user name.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-pkgserver',
    description:
      'The session of a person who has logged in at `/auth/login`. Changes need the header `Sec-Fetch-Site: same-origin` or `Origin` of this site, as browsers send them.',
  },
} as const

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
    // Anonymous callers may have rights, too.
    security: [{}, { token: [] }, { password: [] }, { session: [] }],
    tags: [
      { name: 'Repositories', description: 'Named groups of packages.' },
      { name: 'Packages', description: 'Packages and their relations.' },
      { name: 'Search', description: 'Objects and images in package revisions.' },
      { name: 'Package revisions', description: 'The versions of a package, from draft to retirement.' },
      { name: 'Resources', description: 'The files of a package revision.' },
      { name: 'Lifecycle', description: 'Proposals and reviews.' },
      { name: 'Jobs', description: 'Clones and upgrades of many packages at once.' },
      { name: 'Webhooks', description: 'Notifications about changes of package revisions.' },
      { name: 'Audit', description: 'Who did what.' },
      { name: 'Operations', description: 'For operators of the server.' },
    ],
  })
  document.components = { ...document.components, securitySchemes: SECURITY_SCHEMES }
  for (const path of Object.values(document.paths ?? {})) {
    for (const { requestBody, responses } of Object.values(path) as Operation[]) {
      Object.assign(responses, FROM_HTTP_SERVER)
      // The library cannot validate a required body of several types, so these routes check it themselves.
      if (requestBody?.content && 'application/gzip' in requestBody.content) requestBody.required = true
    }
  }
  return document
}
