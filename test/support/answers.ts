/** Reads everything that the API returns, to compare two indexes field by field. */
import type { Client, Json } from './client.ts'

/** Fields that differ in a rebuilt index. */
const OWN = ['resourceVersion', 'continue']

/** Returns the responses about everything that is stored, by path. */
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
