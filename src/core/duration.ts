const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Parses a duration such as 30s, 10m, 1h, 7d or 0. Returns milliseconds; undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const [matched, number, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? []
  return matched === undefined ? undefined : Number(number) * UNITS[unit as keyof typeof UNITS]
}
