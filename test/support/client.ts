/** A client of the REST API for tests: short calls to prepare a test, whole responses to check. */
import { expect } from 'vitest'
import { undocumented } from './documented.ts'

type Send = (path: string, init?: RequestInit) => Promise<Response>

export type Answer<Body> = { status: number; headers: Headers; body: Body; text: string }

// biome-ignore lint/suspicious/noExplicitAny: tests read responses of any shape
export type Json = any

export type Files = Record<string, string | { text?: string; base64?: string; executable?: boolean } | null>

export class Client {
  readonly send: Send

  constructor(send: Send) {
    this.send = send
  }

  /** Calls the REST API. Sends an object as JSON. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Json>> {
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
    const response = await this.send(`/api/v1${path}`, {
      method,
      headers: { ...(raw ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined
        ? {}
        : { body: (raw ? body : JSON.stringify(body)) as NonNullable<RequestInit['body']> }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('Content-Type') ?? '')
    const { status, headers: answered } = response
    const answer = { status, headers: answered, body: isJson ? JSON.parse(text) : undefined, text }
    expect(undocumented(method, `/api/v1${path}`, answer)).toBeUndefined()
    return answer
  }

  /** Makes a call that must succeed, and returns the body of the response. */
  async ok(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Json> {
    const answer = await this.call(method, path, body, headers)
    expect(answer.status, answer.text).toBeLessThan(300)
    return answer.body
  }

  async createRepository(name = 'blueprints', type = 'catalog'): Promise<Json> {
    return this.ok('POST', '/repositories', { name, type })
  }

  /** Creates a draft, by default of `nf/upf` in `blueprints`. */
  async createDraft(workspace: string, source: object = { init: {} }, more: object = {}): Promise<Json> {
    return this.ok('POST', '/packagerevisions', {
      repository: 'blueprints',
      package: 'nf/upf',
      workspace,
      source,
      ...more,
    })
  }

  async verb(name: string, verb: string, body?: object): Promise<Json> {
    return this.ok('POST', `/packagerevisions/${name}/${verb}`, body)
  }

  /** Creates a draft and publishes it. */
  async publish(workspace: string, source: object = { init: {} }, more: object = {}): Promise<Json> {
    const { name } = await this.createDraft(workspace, source, more)
    await this.verb(name, 'propose')
    return this.verb(name, 'approve')
  }

  async get(name: string): Promise<Json> {
    return this.ok('GET', `/packagerevisions/${name}`)
  }

  async resources(name: string): Promise<Files> {
    return (await this.ok('GET', `/packagerevisions/${name}/resources`)).resources
  }

  async archive(name: string): Promise<Buffer> {
    const response = await this.send(`/api/v1/packagerevisions/${name}/resources`, {
      headers: { Accept: 'application/gzip' },
    })
    expect(response.status).toBe(200)
    return Buffer.from(await response.arrayBuffer())
  }

  /** Returns the tags, sorted because not every registry sorts them. */
  async tags(repository = 'blueprints/nf/upf'): Promise<string[]> {
    const response = await this.send(`/v2/${repository}/tags/list`)
    return response.status === 404 ? [] : ((await response.json()) as { tags: string[] }).tags.sort()
  }

  /** Returns the digest that a tag or digest resolves to in the registry. */
  async resolve(reference: string, repository = 'blueprints/nf/upf'): Promise<string | undefined> {
    const response = await this.send(`/v2/${repository}/manifests/${reference}`, { method: 'HEAD' })
    return response.headers.get('Docker-Content-Digest') ?? undefined
  }
}
