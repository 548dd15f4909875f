/** Where people log in and out. https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth */
import { type Context, Hono } from 'hono'
import { currentClient } from '../../core/client.ts'
import { AppError } from '../../core/errors.ts'
import { SESSION_LIFETIME } from '../../domain/access/session.ts'
import { type Operation, register } from '../../http/operation.ts'
import { NOTHING } from '../../http/scope.ts'
import { ANONYMOUS } from '../../service/access/actor.ts'
import { PENDING_LIFETIME } from '../../service/login/pending-login.ts'
import { type LoginApi, loginsOf } from './login-api.ts'
import { CALLBACK_PATH, LOGIN_PATH, LOGOUT_PATH } from './paths.ts'

const BEGIN: Operation = { id: 'logIn', needs: NOTHING, load: 'none', writesDisk: false }
/** On a full disk people log in to make room. */
const FINISH: Operation = { id: 'finishLogin', needs: NOTHING, load: 'none', writesDisk: false }
const END: Operation = { id: 'logOut', needs: NOTHING, load: 'none', writesDisk: false }

const MAX_RETURN = 1024

export function loginRoutes(api: LoginApi): Hono {
  const { cookies, publicUrl } = api
  // Never from headers of the request: the code goes there.
  const redirectUri = new URL(CALLBACK_PATH, publicUrl)
  const app = new Hono()

  register(app, 'GET', LOGIN_PATH, BEGIN, async (c) => {
    const logins = await loginsOf(api)
    const { url, sealed } = await logins.begin(returnPath(c.req.query('return'), publicUrl), redirectUri)
    cookies.set(c, 'login', sealed, PENDING_LIFETIME)
    return redirect(c, url)
  })

  register(app, 'GET', CALLBACK_PATH, FINISH, async (c) => {
    const logins = await loginsOf(api)
    const answer = new URL(redirectUri)
    answer.search = new URL(c.req.url).search
    const kept = { sealed: cookies.read(c, 'login'), previous: cookies.read(c, 'session') }
    cookies.clear(c, 'login')
    // Strangers with wrong codes could make the provider refuse this server, which asks too often.
    const asking = {
      check: () => api.limits.answers.check(currentClient()),
      refused: () => api.limits.answers.count(currentClient()),
    }
    const { started, returnTo } = await api.gate
      .pass(() => logins.finish(answer, kept, asking))
      .catch(async (error) => {
        if (error instanceof AppError && ['unauthenticated', 'forbidden'].includes(error.code)) {
          // Throws where there are too many, so that they do not fill the audit log.
          api.limits.logins.count(currentClient())
          await logins.recordFailure(error)
        }
        throw error
      })
    cookies.set(c, 'session', started.text, SESSION_LIFETIME.whole)
    return redirect(c, new URL(returnTo, publicUrl))
  })

  register(app, 'POST', LOGOUT_PATH, END, async (c) => {
    const text = cookies.read(c, 'session')
    cookies.clear(c, 'session')
    const elsewhere = text && (await api.logins?.logOut(c.get('caller')?.actor ?? ANONYMOUS, text))
    return redirect(c, elsewhere || new URL('/', publicUrl))
  })

  return app
}

function redirect(c: Context, url: URL): Response {
  c.header('Cache-Control', 'no-store')
  c.header('Referrer-Policy', 'no-referrer')
  return c.redirect(url.href, 303)
}

/** Returns a path of this site. Throws `invalid` for anything else: a login must not lead to a page of others. */
function returnPath(given: string | undefined, publicUrl: URL): string {
  const path = given ?? '/'
  const url =
    path.startsWith('/') && URL.canParse(path, publicUrl.href) ? new URL(path, publicUrl) : undefined
  if (url?.origin === publicUrl.origin && !url.pathname.startsWith('//') && url.href.length <= MAX_RETURN) {
    return `${url.pathname}${url.search}${url.hash}`
  }
  throw new AppError('invalid', 'return has to be a path of this site, such as /docs')
}
