/**
 * The addresses that webhooks may call. A webhook makes the server call addresses that its creator may be unable to reach
 * (SSRF), so the server checks the address that it is about to connect to, whatever the name in the URL.
 */
import { AppError } from '../../core/errors.ts'
import { literalAddress, RANGES, type Range, rangeOf } from '../../oci/remote/addresses.ts'

/** Each includes those before it. */
export type Targets = Exclude<Range, 'never'>

/** Returns why an address may not be called; undefined if it may. */
export function refusal(address: string, allowed: Targets): string | undefined {
  const range = rangeOf(address)
  if (range === 'never') return `${address} is an address that webhooks never call`
  if (RANGES.indexOf(range) <= RANGES.indexOf(allowed)) return undefined
  return `${address} is a ${range} address: the server has PKGSERVER_WEBHOOK_TARGETS=${allowed}`
}

/** Throws `invalid` for a URL that a webhook cannot have. Host names are checked with each call, when they are resolved. */
export function checkTarget(text: string, allowed: Targets): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw wrong('it must begin with http:// or https://')
  if (url.username + url.password !== '') throw wrong('it must not have a user name or password')
  if (url.hash !== '') throw wrong('it must not have a fragment')
  const address = literalAddress(url)
  const reason = address === undefined ? undefined : refusal(address, allowed)
  if (reason !== undefined) throw wrong(reason)
}

function wrong(reason: string): AppError {
  return new AppError('invalid', `the webhook's URL is not allowed: ${reason}`)
}
