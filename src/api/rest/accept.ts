/** The type that an Accept header prefers, JSON or the other one; JSON without a preference. */
export function preferredType(accept: string | undefined, other: string): string | undefined {
  if (accept === undefined) return 'application/json'
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) }
  })
  const qualityOf = (type: string): number =>
    ranges.find((range) => range.type === type)?.quality ??
    ranges.find((range) => range.type === type.replace(/\/.*/, '/*'))?.quality ??
    ranges.find((range) => range.type === '*/*')?.quality ??
    0
  const [json, another] = [qualityOf('application/json'), qualityOf(other)]
  if (json <= 0 && another <= 0) return undefined
  return json >= another ? 'application/json' : other
}
