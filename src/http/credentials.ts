/** The header Authorization: https://www.rfc-editor.org/rfc/rfc9110#name-authorization */

type Credentials =
  | { kind: 'none' }
  | { kind: 'bearer'; secret: string }
  | { kind: 'basic'; user: string; secret: string }
  /** Of another scheme, malformed, or several. */
  | { kind: 'unknown' }

/** Several headers reach this as one text with commas, which neither scheme has in it. */
export function parseAuthorization(header: string | undefined): Credentials {
  if (header === undefined) return { kind: 'none' }
  const [, scheme = '', value = ''] = /^(Bearer|Basic) +([A-Za-z0-9._~+/-]+=*)$/i.exec(header) ?? []
  if (scheme === '') return { kind: 'unknown' }
  return scheme.toLowerCase() === 'bearer' ? { kind: 'bearer', secret: value } : basic(value)
}

/** The secret is the password, with any user name; clients without a password send the secret as one without a name. */
function basic(value: string): Credentials {
  const pair = Buffer.from(value, 'base64').toString()
  const colon = pair.indexOf(':')
  if (colon === -1) return { kind: 'unknown' }
  // Clients that are asked for a password and have none.
  if (pair === ':') return { kind: 'none' }
  return { kind: 'basic', user: pair.slice(0, colon), secret: pair.slice(colon + 1) }
}
