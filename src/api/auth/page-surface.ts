/** Errors of the pages for people. */
import type { Context } from 'hono'
import { html } from 'hono/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { RETRY_FAILURE_AFTER } from '../../http/failure-limit.ts'
import { ClientGoneError, clientGoneResponse } from '../../http/request-body.ts'
import type { Surface } from '../../http/surface.ts'
import { problem, problemOf } from '../rest/problem.ts'
import { respondPage } from './page.ts'
import { LOGIN_PATH } from './paths.ts'

export function pageSurface(onInternalError: (error: unknown, c: Context) => void): Surface {
  const respond = (c: Context, { status, title, detail, code }: ReturnType<typeof problem>) => {
    const link = code === 'unauthenticated' && html`<p><a href="${LOGIN_PATH}">Log in</a></p>`
    const headers: Record<string, string> = code === 'throttled' ? { 'Retry-After': RETRY_FAILURE_AFTER } : {}
    return respondPage(c, title, html`<p>${detail}</p>${link}`, status as ContentfulStatusCode, headers)
  }
  return {
    onError: (error, c) => {
      if (error instanceof ClientGoneError) return clientGoneResponse()
      const found = problemOf(error)
      if (found.status >= 500) onInternalError(error, c)
      return respond(c, found)
    },
    notFound: (c) => respond(c, problem('not_found', 'there is no such page')),
  }
}
