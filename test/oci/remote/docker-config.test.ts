import { chmod, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { askHelper } from '../../../src/oci/remote/auth/credential-helper.ts'
import { dockerConfigCredentials } from '../../../src/oci/remote/auth/docker-config.ts'
import { temporaryFolder } from '../../support/temporary.ts'

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

async function config(value: unknown): Promise<string> {
  const path = join(await temporaryFolder(), 'config.json')
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value))
  return path
}

async function found(value: unknown, registry: string) {
  return dockerConfigCredentials(await config(value))(new URL(registry))
}

/** Adds a credential helper to the PATH. */
async function helper(name: string, script: string): Promise<void> {
  const folder = await temporaryFolder()
  const path = join(folder, `docker-credential-${name}`)
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`)
}

it('matches each way of writing the key of a registry', async () => {
  const alice = { auth: base64('alice:pass:word') }
  const expected = { username: 'alice', password: 'pass:word' }
  for (const key of [
    'host:5000',
    'https://host:5000',
    'http://host:5000/v1/',
    'https://HOST:5000/v2/',
    'host:5000/',
  ]) {
    expect(
      await found({ auths: { 'other:1': { auth: base64('a:b') }, [key]: alice } }, 'http://host:5000'),
    ).toEqual(expected)
  }
  expect(await found({ auths: { host: alice, 'xhost:5000': alice } }, 'http://host:5000')).toBeUndefined()
  for (const hub of ['https://docker.io', 'https://index.docker.io', 'https://registry-1.docker.io']) {
    expect(await found({ auths: { 'https://index.docker.io/v1/': alice } }, hub)).toEqual(expected)
  }
})

it.each([
  ['https://host', 'host:443', true],
  ['https://host', 'https://host:443/v1/', true],
  ['https://host:443', 'host', true],
  ['https://host/team', 'host:443/team', true],
  ['http://localhost', 'localhost:80', true],
  ['http://localhost:80', 'http://localhost:80', true],
  ['https://[::1]', '[::1]:443', true],
  ['https://registry-1.docker.io', 'docker.io:443', true],
  ['https://host', 'host:80', false],
  ['http://host', 'host:443', false],
  ['https://host:5000', 'host:443', false],
  ['https://host', 'host:4430', false],
])('knows the default port: of %s, the key %s is that registry: %s', async (registry, key, same) => {
  const expected = { username: 'a', password: 'b' }
  expect(await found({ auths: { [key]: expected } }, registry)).toEqual(same ? expected : undefined)
})

it('asks helpers by the name with the default port, too', async () => {
  const answer = (name: string) => `echo "{\\"Username\\": \\"${name}\\", \\"Secret\\": \\"for $server\\"}"`
  const none = 'echo "credentials not found in native keychain"; exit 1'
  await helper('port', `read -r server; case $server in *:443) ${answer('port')};; *) ${none};; esac`)
  const expected = { username: 'port', password: 'for host:443' }
  expect(await found({ credHelpers: { 'host:443': 'port' } }, 'https://host')).toEqual(expected)
  expect(await found({ credsStore: 'port', auths: { 'host:443': {} } }, 'https://host')).toEqual(expected)
  expect(await found({ credsStore: 'port' }, 'http://host')).toBeUndefined()
})

it('prefers the entry of a path over that of its host, and ignores those of other paths', async () => {
  const auths = {
    host: { username: 'all', password: '1' },
    'host/team': { username: 'team', password: '2' },
    'host/tea': { username: 'tea', password: '3' },
  }
  expect(await found({ auths }, 'https://host/team/x')).toMatchObject({ username: 'team' })
  expect(await found({ auths }, 'https://host/teams')).toMatchObject({ username: 'all' })
  expect(await found({ auths: { 'host/team': auths['host/team'] } }, 'https://host')).toBeUndefined()
})

it('reads passwords and tokens of an entry', async () => {
  const entry = async (value: unknown) => found({ auths: { host: value } }, 'https://host')
  expect(await entry({ username: 'a', password: 'b' })).toEqual({ username: 'a', password: 'b' })
  expect(await entry({ auth: base64('a:b\0\0') })).toEqual({ username: 'a', password: 'b' })
  expect(await entry({ auth: base64('<token>:'), identitytoken: 'x' })).toEqual({ identityToken: 'x' })
  expect(await entry({ registrytoken: 'x' })).toEqual({ registryToken: 'x' })
  for (const nothing of [{}, { auth: '' }, { auth: base64('nocolon') }, null, 5]) {
    expect(await entry(nothing)).toBeUndefined()
  }
})

it('reloads the file when it changes or its symlink is replaced', async () => {
  const folder = await temporaryFolder()
  const write = (name: string, password: string) =>
    writeFile(join(folder, name), JSON.stringify({ auths: { host: { username: 'a', password } } }))
  const path = join(folder, 'config.json')
  await write('1', 'one')
  await write('2', 'two')
  await symlink(join(folder, '1'), path)
  const credentials = dockerConfigCredentials(path)
  const password = async () => (await credentials(new URL('https://host')))?.password
  expect(await password()).toBe('one')
  await symlink(join(folder, '2'), join(folder, 'next'))
  await rename(join(folder, 'next'), path)
  expect(await password()).toBe('two')
  await write('2', 'three')
  expect(await password()).toBe('three')
  await rm(path)
  await expect(password()).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringContaining('ENOENT'),
  })
})

it('reports a file that is not JSON without quoting it', async () => {
  const error = await found('{"auths": {"host": {"password": hunter2}}}', 'https://host').catch((e) => e)
  expect(error).toMatchObject({ code: 'denied', message: expect.stringContaining('it is not JSON') })
  expect(`${error.stack} ${error.cause}`).not.toContain('hunter2')
})

it('asks the helper of a registry, or else the default store', async () => {
  await helper('one', 'read -r server; echo "{\\"Username\\": \\"one\\", \\"Secret\\": \\"for $server\\"}"')
  await helper(
    'all',
    'read -r server; echo "{\\"Username\\": \\"<token>\\", \\"Secret\\": \\"$1 $server\\"}"',
  )
  const value = { credHelpers: { 'host:1': 'one' }, credsStore: 'all' }
  expect(await found(value, 'https://host:1')).toEqual({ username: 'one', password: 'for host:1' })
  expect(await found(value, 'https://host:2')).toEqual({ identityToken: 'get host:2' })
  expect(await found(value, 'https://registry-1.docker.io')).toEqual({
    identityToken: 'get https://index.docker.io/v1/',
  })
})

it('falls back to the file if a helper has no credentials', async () => {
  await helper('empty', 'echo "credentials not found in native keychain"; exit 1')
  const auths = { host: { username: 'a', password: 'b' } }
  expect(await found({ auths, credsStore: 'empty' }, 'https://host')).toEqual({
    username: 'a',
    password: 'b',
  })
  expect(await found({ credsStore: 'empty' }, 'https://host')).toBeUndefined()
})

it('says why a helper failed', async () => {
  await helper('broken', 'echo "the keychain is locked"; exit 1')
  await helper('odd', 'echo "hunter2"')
  await helper('slow', 'sleep 20')
  const problem = async (name: string, timeout?: number) => {
    const error = await askHelper(name, 'host', timeout).catch((e) => e)
    expect(error).toMatchObject({ code: 'denied' })
    return error.message
  }
  expect(await problem('broken')).toContain('docker-credential-broken failed: the keychain is locked')
  expect(await problem('missing-one')).toContain('docker-credential-missing-one is not installed')
  expect(await problem('slow', 200)).toContain('timed out after 0.2 seconds')
  expect(await problem('../../bin/sh')).toContain('is not a valid credential helper name')
  const odd = await problem('odd')
  expect(odd).toContain('printed something other than credentials')
  expect(odd).not.toContain('hunter2')
})
