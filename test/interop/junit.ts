/** Reads JUnit reports, as far as tests need them. */

export type Report = {
  /** The count in the report. Some programs count the steps of a case, too. */
  tests: number
  failed: string[]
  skipped: string[]
}

export function readJunit(xml: string): Report {
  const tests = Number(/<testsuite\s[^>]*?\btests="(\d+)"/.exec(xml)?.[1])
  if (!(tests > 0)) throw new Error(`not a report of tests: ${xml.slice(0, 300)}`)
  const report: Report = { tests, failed: [], skipped: [] }
  for (const [, attributes = '', content = ''] of xml.matchAll(
    /<testcase\s([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs,
  )) {
    const name = unescaped(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? '')
    const status = /\bstatus="(\w+)"/.exec(attributes)?.[1] ?? ''
    if (/<(?:failure|error)\b/.test(content) || !/^(?:passed|skipped|disabled|)$/.test(status)) {
      report.failed.push(name)
    } else if (/<skipped\b/.test(content) || status === 'skipped' || status === 'disabled') {
      report.skipped.push(name)
    }
  }
  const failures = Number(/\bfailures="(\d+)"/.exec(xml)?.[1]) + Number(/\berrors="(\d+)"/.exec(xml)?.[1])
  if (failures > report.failed.length) report.failed.push(`${failures} in all, by the count of the report`)
  return report
}

function unescaped(text: string): string {
  return text.replace(/&(?:lt|gt|quot|#34|amp);/g, (entity) => ENTITIES[entity] ?? entity)
}

const ENTITIES: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#34;': '"',
  '&amp;': '&',
}
