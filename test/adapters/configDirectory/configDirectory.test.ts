import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { left } from 'fp-ts/lib/Either.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Passed } from '../../../src/adapters/configDirectory/pass.ts'
import { configDirectory } from '../../../src/adapters/configDirectory.ts'
import type { Resource } from '../../../src/model/resource.ts'
import type { WriteRequest } from '../../../src/model/write.ts'
import { accepted, type MiniController, miniController } from '../http/miniController.ts'
import { service, serviceYaml } from '../http/resources.ts'
import { portOf, services, temporaryDirectory, watched } from './watched.ts'

const controllerOfTest = (): MiniController => {
  const controller = miniController()
  onTestFinished(() => controller.close())
  return controller
}

const putByHttp = async (controller: MiniController, resource: object): Promise<void> => {
  const change = { type: 'apply', resource: resource as Resource } as const
  accepted(await controller.write({ changes: [change], actor: 'anonymous', source: 'http' }))
}

const has =
  (controller: MiniController, ...expected: string[]) =>
  () =>
    JSON.stringify(services(controller)) === JSON.stringify(expected)

describe('a watched directory', () => {
  test('F1: at start everything below it is applied in one entry, hidden files and other names left out', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await mkdir(join(directory, 'deep/er'), { recursive: true })
    await mkdir(join(directory, '.git'))
    await writeFile(join(directory, 'a.yaml'), `${serviceYaml('a')}---\n${serviceYaml('b')}`)
    await writeFile(join(directory, 'deep/er/c.json'), JSON.stringify(service('c')))
    await writeFile(join(directory, 'd.YML'), serviceYaml('d'))
    await writeFile(join(directory, '.git/e.yaml'), serviceYaml('e'))
    await writeFile(join(directory, 'notes.txt'), 'x')
    await watched(controller, directory)
    expect(services(controller)).toEqual(['a', 'b', 'c', 'd'].map((name) => `${name} from files/conf`))
    expect(controller.snapshot().position).toBe(1)
    expect(controller.reports().size).toBe(0)
  })

  test('F2: a changed file changes its resources, a new one brings them, one that goes takes them with it', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    const { until } = await watched(controller, directory, { rescanMs: 600_000 })
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a', 1234))
    await until(() => portOf(controller, 'a') === 1234)
    await mkdir(join(directory, 'new'))
    await writeFile(join(directory, 'new/b.yaml'), serviceYaml('b'))
    await until(has(controller, 'a from files/conf', 'b from files/conf'))
    await rm(join(directory, 'a.yaml'))
    await until(has(controller, 'b from files/conf'))
  })

  test('F2: what changes together is one entry', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    const { until } = await watched(controller, directory, { rescanMs: 600_000 })
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => writeFile(join(directory, `${i}.yaml`), serviceYaml(`s${i}`))),
    )
    await until(() => services(controller).length === 20)
    expect(controller.snapshot().position).toBe(1)
  })

  test('F3: resources of others stay, also when the directory takes over and lets go of everything of its own', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await putByHttp(controller, service('theirs'))
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    await writeFile(join(directory, 'b.yaml'), serviceYaml('b'))
    const { until } = await watched(controller, directory)
    await rm(join(directory, 'a.yaml'))
    await until(has(controller, 'b from files/conf', 'theirs from http'))
  })

  test('F4: what others wrote over an unchanged file stays; when the file changes, it wins', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    const { until } = await watched(controller, directory)
    await putByHttp(controller, service('a', 1))
    await writeFile(join(directory, 'b.yaml'), serviceYaml('b'))
    await until(has(controller, 'a from http', 'b from files/conf'))
    expect(portOf(controller, 'a')).toBe(1)
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a', 2))
    await until(() => portOf(controller, 'a') === 2)
    await putByHttp(controller, service('a', 3))
    await rm(join(directory, 'a.yaml'))
    await until(({ known }) => known.files.size === 1)
    expect(services(controller)).toEqual(['a from http', 'b from files/conf'])
  })

  test('F4: a file that is written again as it was has not changed', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    const { until } = await watched(controller, directory)
    await putByHttp(controller, service('a', 1))
    const stamped = await until(({ known }) => known.files.size === 1)
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    const [path] = stamped.known.files.keys()
    const stampIn = ({ known }: Passed) => known.files.get(path ?? '')?.stamp
    await until((passed) => stampIn(passed) !== stampIn(stamped))
    expect(portOf(controller, 'a')).toBe(1)
    expect(controller.snapshot().position).toBe(2)
  })

  test('F5: a bad file keeps its last good version, is reported with its place, and holds up no other', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    const { until } = await watched(controller, directory)
    await writeFile(join(directory, 'a.yaml'), `${serviceYaml('a', 1)}  wrong: 1\n`)
    await writeFile(join(directory, 'b.yaml'), serviceYaml('b'))
    await until(({ diagnostics }) => diagnostics.length > 0 && services(controller).length === 2)
    expect(portOf(controller, 'a')).toBe(9080)
    const [found] = controller.reports().get('files/conf') ?? []
    expect(found).toMatchObject({ severity: 'error', line: 7, column: 3 })
    expect(found?.message).toContain(`${join(directory, 'a.yaml')}:7:3 `)
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a', 2))
    await until(({ diagnostics }) => diagnostics.length === 0)
    expect(portOf(controller, 'a')).toBe(2)
    expect(controller.reports().size).toBe(0)
  })

  test('F5: a file that cannot be opened is a bad file like any other', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await symlink('loop.yaml', join(directory, 'loop.yaml'))
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    await watched(controller, directory)
    expect(services(controller)).toEqual(['a from files/conf'])
    expect(controller.reports().get('files/conf')).toMatchObject([{ code: 'unreadable-file' }])
  })

  test('F6: a resource in two files is reported; the first file by path counts, then the other when it goes', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await writeFile(join(directory, 'a.yaml'), serviceYaml('x', 1))
    await writeFile(join(directory, 'b.yaml'), `---\n${serviceYaml('x', 2)}`)
    const { until } = await watched(controller, directory)
    expect(portOf(controller, 'x')).toBe(1)
    expect(controller.reports().get('files/conf')).toMatchObject([{ code: 'duplicate', line: 2 }])
    await rm(join(directory, 'a.yaml'))
    await until(({ diagnostics }) => diagnostics.length === 0)
    expect(portOf(controller, 'x')).toBe(2)
  })

  test('F7: a directory that is suddenly empty, or gone, freezes what it held', async () => {
    const [controller, directory] = [controllerOfTest(), join(await temporaryDirectory(), 'conf')]
    await mkdir(directory)
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    const { until } = await watched(controller, directory, { rescanMs: 50 })
    await rm(join(directory, 'a.yaml'))
    await until(({ diagnostics }) => diagnostics[0]?.code === 'directory-empty')
    await rm(directory, { recursive: true })
    await until(({ diagnostics }) => diagnostics[0]?.code === 'directory-missing')
    expect(services(controller)).toEqual(['a from files/conf'])
    await mkdir(directory)
    await writeFile(join(directory, 'b.yaml'), serviceYaml('b'))
    await until(has(controller, 'b from files/conf'))
    expect(controller.reports().size).toBe(0)
  })

  test('F7: a file emptied in place is an empty directory too, when it is all there is', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    const { until } = await watched(controller, directory)
    await writeFile(join(directory, 'a.yaml'), '')
    await until(({ diagnostics }) => diagnostics[0]?.code === 'directory-empty')
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a', 2))
    await until(() => portOf(controller, 'a') === 2)
  })

  test('F7: with allowEmpty an empty or missing directory removes what it held', async () => {
    const [controller, directory] = [controllerOfTest(), join(await temporaryDirectory(), 'conf')]
    await mkdir(directory)
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    const { until } = await watched(controller, directory, { allowEmpty: true, rescanMs: 50 })
    await rm(directory, { recursive: true })
    await until(has(controller))
  })

  test('F8: at start, files that went while nobody looked take their resources; an empty directory does not', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    await writeFile(join(directory, 'b.yaml'), serviceYaml('b'))
    await (await watched(controller, directory)).close()
    await rm(join(directory, 'a.yaml'))
    await (await watched(controller, directory)).close()
    expect(services(controller)).toEqual(['b from files/conf'])
    await rm(join(directory, 'b.yaml'))
    await watched(controller, directory)
    expect(services(controller)).toEqual(['b from files/conf'])
    expect(controller.reports().get('files/conf')).toMatchObject([{ code: 'directory-empty' }])
  })

  test('F8: at start, a bad file holds back removals that it may account for, and says so', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    await writeFile(join(directory, 'b.yaml'), serviceYaml('b'))
    await (await watched(controller, directory)).close()
    await writeFile(join(directory, 'a.yaml'), '{')
    const { until } = await watched(controller, directory)
    expect(services(controller)).toEqual(['a from files/conf', 'b from files/conf'])
    expect(
      controller
        .reports()
        .get('files/conf')
        ?.map(({ code }) => code),
    ).toContain('removal-held-back')
    await writeFile(join(directory, 'a.yaml'), serviceYaml('c'))
    await until(has(controller, 'b from files/conf', 'c from files/conf'))
  })

  test('F9: a ConfigMap that is swapped by its link is followed, in one entry', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    const version = async (name: string, port: number) => {
      await mkdir(join(directory, name))
      for (const one of ['a', 'b'])
        await writeFile(join(directory, name, `${one}.yaml`), serviceYaml(one, port))
      await symlink(name, join(directory, '..data_tmp'))
      await rename(join(directory, '..data_tmp'), join(directory, '..data'))
    }
    await version('..v1', 1)
    for (const one of ['a', 'b']) await symlink(`..data/${one}.yaml`, join(directory, `${one}.yaml`))
    const { until } = await watched(controller, directory, { rescanMs: 600_000 })
    await version('..v2', 2)
    await rm(join(directory, '..v1'), { recursive: true })
    await until(() => portOf(controller, 'b') === 2)
    expect(portOf(controller, 'a')).toBe(2)
    expect(controller.snapshot().position).toBe(2)
  })

  test('F9: links in a circle and links to nothing are passed over', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await mkdir(join(directory, 'sub'))
    await symlink('..', join(directory, 'sub/up'))
    await symlink('nothing.yaml', join(directory, 'dead.yaml'))
    await writeFile(join(directory, 'sub/a.yaml'), serviceYaml('a'))
    await watched(controller, directory)
    expect(services(controller)).toEqual(['a from files/conf'])
  })

  test('F10: what the mesh refuses takes its own file back only, and is tried again when the way is free', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    const settings = (name: string) => ({
      apiVersion: 'rutter.dev/v1',
      kind: 'MeshSettings',
      metadata: { name, namespace: 'default' },
      spec: {},
    })
    await putByHttp(controller, settings('theirs'))
    await writeFile(join(directory, 'a.json'), JSON.stringify([settings('ours'), service('a')]))
    await writeFile(join(directory, 'b.yaml'), serviceYaml('b'))
    const { until } = await watched(controller, directory, { rescanMs: 50 })
    expect(services(controller)).toEqual(['b from files/conf'])
    expect(controller.reports().get('files/conf')).toMatchObject([{ code: 'conflict' }])
    const name = { kind: 'MeshSettings', namespace: 'default', name: 'theirs' } as const
    accepted(
      await controller.write({ changes: [{ type: 'remove', name }], actor: 'anonymous', source: 'http' }),
    )
    await until(has(controller, 'a from files/conf', 'b from files/conf'))
    expect(controller.reports().size).toBe(0)
  })

  test('F11: while the log cannot be written, the change is kept, reported and tried again', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    let refusals = 2
    const write = async (request: WriteRequest) =>
      refusals-- > 0
        ? left({ _tag: 'Unavailable', message: 'no quorum' } as const)
        : controller.write(request)
    const { until } = await watched({ ...controller, write }, directory, { rescanMs: 600_000 })
    expect(controller.reports().get('files/conf')).toMatchObject([
      { code: 'not-applied', message: 'no quorum' },
    ])
    await until(has(controller, 'a from files/conf'))
    expect(controller.reports().size).toBe(0)
  })

  test('F12: the source is `files/DIR`, whatever slashes the directory ends with; files are named below it', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    await (await configDirectory(controller, `${directory}//`, { allowEmpty: false })).close()
    expect(services(controller)).toEqual([`a from files/${directory}`])
    expect(
      controller
        .snapshot()
        .mesh.services.flat(3)
        .find((stored) => stored !== null)?.origin,
    ).toEqual({
      file: join(directory, 'a.yaml'),
      line: 1,
    })
  })

  test('F7: a file where a directory should be freezes what it held', async () => {
    const [controller, directory] = [controllerOfTest(), join(await temporaryDirectory(), 'conf')]
    await mkdir(directory)
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    const { until } = await watched(controller, directory, { rescanMs: 50 })
    await rm(directory, { recursive: true })
    await writeFile(directory, '')
    await until(({ diagnostics }) => diagnostics[0]?.code === 'directory-unreadable')
    expect(services(controller)).toEqual(['a from files/conf'])
  })

  test('F16: who may no longer write when the write is admitted writes nothing', async () => {
    const [controller, directory] = [controllerOfTest(), await temporaryDirectory()]
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a'))
    let may = true
    const { until } = await watched(controller, directory, { mayWrite: () => may })
    may = false
    await writeFile(join(directory, 'a.yaml'), serviceYaml('a', 1234))
    const { diagnostics } = await until((passed) => passed.diagnostics.length > 0)
    expect(diagnostics).toMatchObject([{ code: 'not-applied' }])
    expect(portOf(controller, 'a')).not.toBe(1234)
    expect(controller.snapshot().position).toBe(1)
  })
})
