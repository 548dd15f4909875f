/** The kinds of values that settings have, each with the text of its error. */
import { BlockList, isIP } from 'node:net'
import { z } from 'zod'
import { parseDuration } from './core/duration.ts'
import { isLoopbackUrl } from './core/loopback.ts'

export const listen = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:.]+\]|[^:[\]]*):[0-9]{1,5}$/, 'must be <host>:<port>, like 127.0.0.1:8080')
  .transform((text) => {
    const colon = text.lastIndexOf(':')
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
  })
  .refine(({ port }) => port <= 65535, 'must have a port of at most 65535')

export const rootUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL with http or https' })
  .transform((text) => new URL(text))
  .refine(({ pathname, search }) => pathname === '/' && search === '', 'must be a URL without a path')

export const baseUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL with http or https' })
  .transform((text) => new URL(text))
  .refine(
    ({ username, password, search, hash }) => username + password + search + hash === '',
    'must be a URL without user name, query and fragment',
  )

export const issuerUrl = baseUrl.refine(
  (url) => url.protocol === 'https:' || isLoopbackUrl(url),
  'must have https, unless it is on this machine',
)

/** As the specifications of OAuth have them. */
export const scopes = z
  .string()
  .regex(/^[!#-[\]-~]+(?: [!#-[\]-~]+)*$/, 'must be scopes with blanks between, like openid profile email')
  .refine((text) => text.split(' ').includes('openid'), 'must contain openid')

/** Characters that need no escaping anywhere. The S3 server checks the name, as not all have the rules of AWS. */
const S3_PLACE = /^s3:\/\/(?<bucket>[A-Za-z0-9._-]+)(?:\/(?<prefix>[A-Za-z0-9._/-]*))?$/

export type BlobsSetting = { kind: 'fs' } | { kind: 's3'; bucket: string; prefix: string }

export const blobs = z.string().transform((text, context): BlobsSetting => {
  if (text === 'fs') return { kind: 'fs' }
  const { bucket, prefix = '' } = S3_PLACE.exec(text)?.groups ?? {}
  if (bucket) return { kind: 's3', bucket, prefix: prefix.replace(/^\/+|\/+$/g, '') }
  context.addIssue('must be "fs" or s3://<bucket>/<prefix>, of letters, digits, ".", "_" and "-"')
  return z.NEVER
})

export type RegistrySetting = { kind: 'embedded' } | { kind: 'remote'; url: URL }

export const registry = z.string().transform((text, context): RegistrySetting => {
  if (text === 'embedded') return { kind: 'embedded' }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === '')
    return { kind: 'remote', url }
  context.addIssue(
    'must be "embedded", or the URL of a registry like https://registry.example.com/team, without user name',
  )
  return z.NEVER
})

/** In milliseconds. */
export const duration = z.string().transform((text, context) => {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined) return milliseconds
  context.addIssue('must be a number and a unit, like 30s, 10m, 1h or 7d, or 0')
  return z.NEVER
})

export const hosts = z
  .string()
  .transform((text) => text.split(',').map((host) => host.trim().toLowerCase()))
  .refine(
    (names) =>
      names.every((name) => name === '*' || /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?$/.test(name)),
    'must be hosts like ghcr.io or 10.0.0.7:5000, separated by commas, or *',
  )

export const proxy = z
  .string()
  .transform((text) => (/^[a-z0-9.+-]+:\/\//i.test(text) ? text : `http://${text}`))
  .pipe(
    z.url({
      protocol: /^https?$/,
      error: 'must be the URL of an HTTP proxy, like http://proxy.example.com:3128',
    }),
  )

export const networks = z.string().transform((text, context) => {
  const list = new BlockList()
  for (const network of text.split(',')) {
    const [address = '', bits] = network.trim().split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const most = family === 'ipv6' ? 128 : 32
    if (isIP(address) === 0 || !/^[0-9]{1,3}$/.test(bits ?? '0') || Number(bits ?? 0) > most) {
      context.addIssue('must be addresses or networks like 10.0.0.7 or 10.0.0.0/8, separated by commas')
      return z.NEVER
    }
    list.addSubnet(address, Number(bits ?? most), family)
  }
  return list
})

/** Names can have any character but a comma. */
export const groups = z
  .string()
  .transform((text) => text.split(',').map((group) => group.trim()))
  .refine((names) => names.every((name) => name !== ''), 'must be names of groups, separated by commas')

const UNIT_BYTES = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }

/** In bytes. */
export const size = z
  .string()
  .regex(/^(?:0|[0-9]{1,6}(?:Ki|Mi|Gi))$/, 'must be a number and a unit, like 256Mi or 2Gi, or 0')
  .transform(
    (text) => Number.parseInt(text, 10) * (UNIT_BYTES[text.slice(-2) as keyof typeof UNIT_BYTES] ?? 0),
  )

export const yesOrNo = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true')
