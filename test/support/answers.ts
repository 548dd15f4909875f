/** All that the API tells, so that two indexes can be compared field by field. */
import type { Client } from './client.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
type Json = any

/** Numbers that an index gives out by itself: a new one has others. */
const OWN = ['resourceVersion', 'continue']

/** Every answer about what is stored, by the path that asked for it. */
export async function allAnswers(client: Client): Promise<Record<string, Json>> {
  const answers: Record<string, Json> = {}
  const ask = async (path: string): Promise<Json> => {
    answers[path] = without(await client.ok('GET', path))
    return answers[path]
  }
  for (const { name } of (await ask('/repositories?limit=1000')).items) await ask(`/repositories/${name}`)
  for (const { repository, package: path } of (await ask('/packages?limit=1000')).items) {
    await ask(`/packages/${repository}/${path}/graph`)
  }
  const { items } = await ask('/packagerevisions?limit=1000')
  for (const query of [
    'latest=true',
    'lifecycle=DeletionProposed',
    'outdated=true',
    'sort=-updatedAt',
    'sort=publishedAt',
    'labelSelector=team%3Dcore',
  ]) {
    await ask(`/packagerevisions?limit=1000&${query}`)
  }
  for (const { name } of items) {
    await ask(`/packagerevisions/${name}`)
    await ask(`/packagerevisions/${name}/resources`)
    await ask(`/packagerevisions/${name}/conflicts`)
    await ask(`/packagerevisions/${name}/downstreams?limit=1000`)
  }
  return answers
}

function without(value: Json): Json {
  if (Array.isArray(value)) return value.map(without)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (OWN.includes(key) ? [] : [[key, without(inner)]])),
  )
}
