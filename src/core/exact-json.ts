/** JSON with integers that a double would round, which are bigints here. */

/** Types of https://github.com/tc39/proposal-json-parse-with-source, which TypeScript lacks. */
type SourceJson = {
  rawJSON: (text: string) => unknown
  parse: (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown
}

export function stringifyExact(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    // Only bigints need the replacer, which takes several times as long.
    const { rawJSON } = JSON as unknown as SourceJson
    return JSON.stringify(value, (_, item: unknown) =>
      typeof item === 'bigint' ? rawJSON(String(item)) : item,
    )
  }
}

/** Throws a SyntaxError. */
export function parseExact(text: string): unknown {
  if (!/[0-9]{16}/.test(text)) return JSON.parse(text)
  return (JSON as unknown as SourceJson).parse(text, (_, value, { source = '' }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^-?[0-9]+$/.test(source)) return value
    const exact = BigInt(source)
    return Number.isFinite(value) && BigInt(value) === exact ? value : exact
  })
}
