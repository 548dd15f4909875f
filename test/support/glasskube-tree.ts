/** Repositories in the format of Glasskube, as others keep them: in a folder, or on a web server. */
import { existsSync, statSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { manifest } from './glasskube.ts'
import { listening } from './listening.ts'

export type TreeFile = string | Uint8Array

/** Writes files into a folder; their folders are created. */
export async function writeTree(folder: string, files: Record<string, TreeFile>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

type Versions = Record<string, Record<string, TreeFile> | undefined>
type Options = { latest?: string; fields?: object }

/**
 * Returns the files of a package: each of its versions has a package.yaml and the given files; undefined is a version that
 * versions.yaml lists alone.
 */
export function packageFiles(
  name: string,
  versions: Versions,
  { latest, fields }: Options = {},
): Record<string, TreeFile> {
  const listed = Object.keys(versions)
  const latestVersion = latest ?? listed.at(-1)
  const files: Record<string, TreeFile> = {
    [`${name}/versions.yaml`]: stringify({ latestVersion, versions: listed.map((version) => ({ version })) }),
  }
  for (const [version, own] of Object.entries(versions)) {
    if (!own) continue
    for (const [path, content] of Object.entries({ 'package.yaml': manifest(name, fields), ...own })) {
      files[`${name}/${version}/${path}`] = content
    }
  }
  return files
}

/** Returns the index.yaml of packages with their latest versions. */
export function indexFile(packages: Record<string, string>): Record<string, TreeFile> {
  const entries = Object.entries(packages).map(([name, latestVersion]) => ({ name, latestVersion }))
  return { 'index.yaml': stringify({ packages: entries }) }
}

export type WebFolder = { url: URL; requests: string[] }

/** Serves the files of a folder below /packages/, as static web servers do. */
export async function serveFolder(folder: string): Promise<WebFolder> {
  const requests: string[] = []
  const url = await listening(async (request, response) => {
    requests.push(request.url ?? '')
    // A server that takes "+" for a blank would not find the file.
    const path = join(folder, decodeURIComponent(request.url ?? '').replace(/^\/packages/, ''))
    if (!existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'Content-Type': 'text/yaml; charset=utf-8' }).end(await readFile(path))
  })
  return { url: new URL('/packages/', url), requests }
}
