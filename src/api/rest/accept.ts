import { GZIP } from './schemas/exchange.ts'

/** The type that an Accept header prefers of the two there are; JSON where it does not care. */
export function preferredType(accept: string | undefined): string | undefined {
  if (accept === undefined) return 'application/json'
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) }
  })
  const qualityOf = (type: string): number =>
    ranges.find((range) => range.type === type)?.quality ??
    ranges.find((range) => range.type === 'application/*')?.quality ??
    ranges.find((range) => range.type === '*/*')?.quality ??
    0
  const [json, gzip] = [qualityOf('application/json'), qualityOf(GZIP)]
  if (json <= 0 && gzip <= 0) return undefined
  return json >= gzip ? 'application/json' : GZIP
}
