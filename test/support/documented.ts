/** Checks answers against the API's own document: what users read there is what they get. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { pino } from 'pino'
import { createApp } from '../../src/server/app.ts'
import { memoryComponents } from '../../src/server/components.ts'

type MediaTypes = Record<string, { schema?: object }>
type Operation = { responses: Record<string, { content?: MediaTypes }> }
type ApiDocument = { paths: Record<string, Record<string, Operation>> }

const document = await loadDocument()
const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema(document, 'api')

const routes = Object.entries(document.paths).map(([path, operations]) => ({
  path,
  // Paths of files and of packages have slashes.
  pattern: new RegExp(`^${path.replace(/{(?:path|package)}/, '.+').replaceAll(/{\w+}/g, '[^/]+')}$`),
  operations,
}))
// `/a/resources` is no file of `/a/{…}`: the path with the fewest parameters is meant, then the longest.
routes.sort((a, b) => a.path.split('{').length - b.path.split('{').length || b.path.length - a.path.length)

/** Returns what is wrong with an answer, if anything. A call that the document does not have must be refused. */
export function undocumented(
  method: string,
  path: string,
  answer: { status: number; headers: Headers; body: unknown },
): string | undefined {
  const route = routes.find(({ pattern }) => pattern.test(path.replace(/\?.*/, '')))
  const operation = route?.operations[method.toLowerCase()]
  if (!route || !operation) {
    return [404, 405].includes(answer.status)
      ? undefined
      : `${method} ${path} answers ${answer.status}, and is not in the document`
  }
  const response = operation.responses[answer.status]
  if (!response) return `${method} ${route.path} answers ${answer.status}, which its document does not have`
  const type = answer.headers.get('Content-Type')?.split(';')[0]
  if (type === undefined)
    return response.content ? `${method} ${route.path} ${answer.status}: no content` : undefined
  if (!response.content?.[type]) return `${method} ${route.path} ${answer.status}: ${type} is not documented`
  if (!type.includes('json')) return undefined
  const validate = validator(route.path, method.toLowerCase(), answer.status, type)
  return validate(answer.body)
    ? undefined
    : `${method} ${route.path} ${answer.status}: ${ajv.errorsText(validate.errors)}`
}

function validator(path: string, method: string, status: number, type: string): ValidateFunction {
  const pointer = ['paths', path, method, 'responses', String(status), 'content', type, 'schema']
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/')
  const validate = ajv.getSchema(`api#/${pointer}`)
  if (!validate) throw new Error(`no schema at ${pointer}`)
  return validate
}

async function loadDocument(): Promise<ApiDocument> {
  const parts = await memoryComponents(pino({ level: 'silent' }))
  const { document } = await createApp(parts, new URL('http://localhost'))
  await parts.close()
  return document() as ApiDocument
}
