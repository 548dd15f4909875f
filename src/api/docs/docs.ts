/** The API document, and a page that shows it. The page loads nothing from other servers. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Hono } from 'hono'
import { type Operation, register } from '../../http/operation.ts'
import { NOTHING } from '../../http/scope.ts'

const ASSETS: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
}

const FOLDER = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>pkgserver API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="api"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, docExpansion: 'list' })
`

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"

const DOCS: Operation = { id: 'docs', needs: NOTHING, load: 'none', writesDisk: false }

export function docsRoutes(document: () => object): Hono {
  const app = new Hono()
  register(app, 'GET', '/', DOCS, (c) => c.redirect('/docs'))
  register(app, 'GET', '/openapi.json', DOCS, (c) => c.json(document()))
  register(app, 'GET', '/docs', DOCS, (c) =>
    c.html(PAGE, 200, { 'Content-Security-Policy': CONTENT_SECURITY_POLICY }),
  )
  register(app, 'GET', '/docs/start.js', DOCS, (c) =>
    c.body(START, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }),
  )
  for (const [file, type] of Object.entries(ASSETS)) {
    let content: Promise<Uint8Array<ArrayBuffer>> | undefined
    register(app, 'GET', `/docs/${file}`, DOCS, async (c) => {
      // Once, so that all clients share its memory.
      content ??= readFile(join(FOLDER, file))
      return c.body(await content, 200, { 'Content-Type': type, 'Cache-Control': 'max-age=86400' })
    })
  }
  return app
}
