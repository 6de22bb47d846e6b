import { describe, expect, test } from 'vitest'
import { eventsFromStored } from '../../src/codecs/event.ts'
import { registered } from '../contract/registered.ts'

describe('eventsFromStored', () => {
  test('L31: events of today come back as they are', () =>
    expect(eventsFromStored([registered('a'), registered('b')])).toMatchObject({
      right: [registered('a'), registered('b')],
    }))

  test.each([
    ['a type that nobody knows', { ...registered('b'), type: 'ServiceVanished' }],
    ['a type that objects have', { ...registered('b'), type: 'constructor' }],
    ['a version to come', { ...registered('b'), v: 2 }],
    ['no version', { ...registered('b'), v: undefined }],
    ['no time', { ...registered('b'), at: undefined }],
    ['no data', { ...registered('b'), data: null }],
    ['no record', 'ServiceRegistered'],
  ])('L31: %s is unknown, and its place is told', (_, event) =>
    expect(eventsFromStored([registered('a'), event])).toMatchObject({
      left: { _tag: 'UnknownEvent', index: 1 },
    }),
  )

  test.each([
    ['no list', {}],
    ['an empty list', []],
    ['null', null],
  ])('L31: %s is no entry', (_, stored) =>
    expect(eventsFromStored(stored)).toMatchObject({ left: { _tag: 'UnknownEvent' } }),
  )
})
