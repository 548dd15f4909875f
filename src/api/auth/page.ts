/** Pages for people, without scripts. */
import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { html, raw } from 'hono/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

const STYLE = `
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem; color: #1b1f24; background: #fff }
dt { color: #57606a }
dd { margin: 0 0 .5rem }
code { font-size: 1.5rem; letter-spacing: .1em }
button, input { font: inherit; padding: .4rem 1rem; margin-right: .5rem }
@media (prefers-color-scheme: dark) { body { color: #e6edf3; background: #0d1117 } dt { color: #9198a1 } a { color: #4493f8 } }
`

const HEADERS = {
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'Referrer-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
  'Cache-Control': 'no-store',
}

/** Responds with a page that no other site can show in a frame. */
export async function respondPage(
  c: Context,
  title: string,
  content: ReturnType<typeof html>,
  status: ContentfulStatusCode = 200,
  headers: Record<string, string> = {},
): Promise<Response> {
  const page = await html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} – pkgserver</title>
    <style>${raw(STYLE)}</style>
  </head>
  <body>
    <h1>${title}</h1>
    ${content}
  </body>
</html>
`
  return c.html(page, status, { ...HEADERS, ...headers })
}
