/** Logins of command lines: how a program begins one, and the page where a person decides. https://www.rfc-editor.org/rfc/rfc8628 */
import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { currentClient } from '../../core/client.ts'
import { AppError } from '../../core/errors.ts'
import { type DeviceLogin, userCodeText } from '../../domain/access/device-login.ts'
import { isPermission, type Permission } from '../../domain/access/permission.ts'
import { loadShedding } from '../../http/load-shedding.ts'
import { type Operation, register } from '../../http/operation.ts'
import { NOTHING } from '../../http/scope.ts'
import { isPrincipal, type PrincipalActor } from '../../service/access/actor.ts'
import {
  DEVICE_LOGIN_LIFETIME,
  decideDeviceLogin,
  findPendingLogin,
  startDeviceLogin,
} from '../../service/login/device-logins.ts'
import { DEVICE_INTERVAL } from './device-grant.ts'
import { type LoginApi, loginsOf } from './login-api.ts'
import { respondPage } from './page.ts'
import { DECISION_PATH, DEVICE_PATH, LOGIN_PATH } from './paths.ts'
import { receivedForm } from './token-request.ts'

const START: Operation = { id: 'startDeviceLogin', needs: NOTHING, load: 'write', writesDisk: true }
const PAGE: Operation = { id: 'showDeviceLogin', needs: NOTHING, load: 'none', writesDisk: false }
const DECISION: Operation = { id: 'decideDeviceLogin', needs: NOTHING, load: 'write', writesDisk: true }

export function deviceRoutes(api: LoginApi): Hono {
  const { access, publicUrl } = api
  const { codes, starts } = api.limits
  const app = new Hono()
  app.use(DEVICE_PATH, loadShedding(api.load))
  app.use(DECISION_PATH, loadShedding(api.load))

  register(app, 'POST', DEVICE_PATH, START, async (c) => {
    const form = await receivedForm(c)
    await loginsOf(api)
    starts.count(currentClient())
    const { login, deviceCode } = await startDeviceLogin(access, {
      client: form.get('client_id') ?? '',
      address: c.get('clientAddress'),
      permissions: permissionsIn(form.get('scope') ?? ''),
    })
    const code = userCodeText(login.userCode)
    const page = new URL(DEVICE_PATH, publicUrl)
    return c.json(
      {
        device_code: deviceCode,
        user_code: code,
        verification_uri: page.href,
        verification_uri_complete: `${page.href}?user_code=${code}`,
        expires_in: DEVICE_LOGIN_LIFETIME / 1000,
        interval: DEVICE_INTERVAL,
      },
      200,
      { 'Cache-Control': 'no-store' },
    )
  })

  register(app, 'GET', DEVICE_PATH, PAGE, async (c) => {
    await loginsOf(api)
    const typed = c.req.query('user_code')
    const person = personOf(c)
    if (!person) return c.redirect(loginUrl(publicUrl, typed).href, 303)
    if (!typed) return askForCode(c)
    return showLogin(c, person, await pendingLogin(person, typed))
  })

  register(app, 'POST', DECISION_PATH, DECISION, async (c) => {
    await loginsOf(api)
    const form = await receivedForm(c)
    const person = personOf(c)
    if (!person) throw new AppError('unauthenticated', 'the session has ended: log in again')
    const decision = form.get('decision')
    if (decision !== 'approve' && decision !== 'deny') {
      throw new AppError('invalid', 'decision has to be approve or deny')
    }
    const { userCode } = await pendingLogin(person, form.get('user_code') ?? '')
    const { client } = await decideDeviceLogin(access, person, userCode, decision === 'approve')
    return decision === 'approve'
      ? respondPage(c, 'Logged in', html`<p>${client} gets its token now. You can close this page.</p>`)
      : respondPage(c, 'Denied', html`<p>${client} gets no token. You can close this page.</p>`)
  })

  /** Attempts are limited for the session and for the network: a code is short enough to be guessed otherwise. */
  async function pendingLogin(person: PrincipalActor, typed: string): Promise<DeviceLogin> {
    const attempts = [codes.attempt('', `session ${person.session?.id}`), codes.attempt(currentClient())]
    const found = await findPendingLogin(access, typed)
    for (const takeBack of attempts) takeBack()
    return found
  }

  return app
}

/** The person whose session the browser has; a token is none. */
function personOf(c: Context): PrincipalActor | undefined {
  const actor = c.get('caller')?.actor
  return actor && isPrincipal(actor) && actor.session ? actor : undefined
}

function loginUrl(publicUrl: URL, typed: string | undefined): URL {
  const back =
    typed === undefined ? DEVICE_PATH : `${DEVICE_PATH}?${new URLSearchParams({ user_code: typed })}`
  return new URL(`${LOGIN_PATH}?${new URLSearchParams({ return: back })}`, publicUrl)
}

/** Throws `invalid` for what is no permission. */
function permissionsIn(scope: string): Permission[] {
  return scope
    .split(' ')
    .filter((text) => text !== '')
    .map((text) => {
      if (isPermission(text)) return text
      throw new AppError(
        'invalid',
        `"${text.slice(0, 100)}" in scope is no permission: leave scope out for the usual ones`,
      )
    })
}

function askForCode(c: Context): Promise<Response> {
  return respondPage(
    c,
    'Log in a program',
    html`<p>Type the code that the program shows. It begins only after you have agreed on the next page.</p>
    <form method="get" action="${DEVICE_PATH}">
      <input name="user_code" aria-label="Code" autocomplete="off" required autofocus>
      <button>Continue</button>
    </form>`,
  )
}

function showLogin(c: Context, person: PrincipalActor, login: DeviceLogin): Promise<Response> {
  const code = userCodeText(login.userCode)
  return respondPage(
    c,
    'Log in a program?',
    html`<p><strong>Go on only if you have started this login yourself, and the program shows this code.</strong>
    Otherwise someone else is trying to use your account.</p>
    <dl>
      <dt>Code</dt><dd><code>${code}</code></dd>
      <dt>Program, as it calls itself</dt><dd>${login.client}</dd>
      <dt>From the address</dt><dd>${login.address ?? 'unknown'}</dd>
      <dt>Since</dt><dd>${login.createdAt}</dd>
      <dt>It may use these of your permissions, for 90 days</dt><dd>${login.permissions.join(', ')}</dd>
      <dt>You are</dt><dd>${person.name}</dd>
    </dl>
    <form method="post" action="${DECISION_PATH}">
      <input type="hidden" name="user_code" value="${code}">
      <button name="decision" value="approve">Log in</button>
      <button name="decision" value="deny">Deny</button>
    </form>`,
  )
}
