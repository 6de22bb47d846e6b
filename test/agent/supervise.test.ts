import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { statusOf } from '../../src/agent/supervision/status.ts'
import { limits, simulatedEnvoys } from './simulatedEnvoys.ts'

const started = () => {
  const envoys = simulatedEnvoys()
  envoys.find()
  envoys.pass(1_000)
  return envoys
}
const stateOf = (envoys: ReturnType<typeof simulatedEnvoys>) => statusOf(envoys.state()).state

describe('a start', () => {
  test('G1: where nothing runs, epoch 0 starts at once, on clean shared memory', () => {
    const envoys = started()
    expect(envoys.effects().slice(0, 2)).toEqual([
      { type: 'cleanSharedMemory' },
      { type: 'spawn', epoch: 0, launch: 'a' },
    ])
    expect(envoys.serving()).toEqual(['a0'])
    expect(stateOf(envoys)).toBe('running')
  })

  test('G2: an Envoy that waits for its first configuration is left waiting', () => {
    const envoys = simulatedEnvoys()
    envoys.behave(() => 'neverLive')
    envoys.find()
    envoys.pass(600_000)
    expect(envoys.spawns()).toHaveLength(1)
    expect(stateOf(envoys)).toBe('starting')
  })

  test('G2: one whose admin stays silent is killed and started anew', () => {
    const envoys = simulatedEnvoys()
    envoys.behave(() => 'deaf')
    envoys.find()
    envoys.pass(limits.firstAnswerMs)
    envoys.behave(() => 'sound')
    envoys.pass(1_000)
    expect(envoys.spawns()).toHaveLength(2)
    expect(envoys.serving()).toEqual(['a0'])
  })
})

describe('restarts', () => {
  test('G3: an end of any kind is followed by a start after 200 ms, doubling', () => {
    const envoys = simulatedEnvoys()
    envoys.find()
    envoys.behave((epoch) => (epoch === 0 ? 'exitsAtOnce' : 'sound'))
    envoys.pass(1_000)
    envoys.kill(0)
    envoys.pass(4_000)
    const at = envoys.spawns().map(({ atMs }) => atMs)
    const gaps = at.slice(2).map((ms, i) => ms - (at[i + 1] ?? 0))
    for (const [i, gap] of gaps.entries()) expect(Math.abs(gap - 200 * 2 ** (i + 1))).toBeLessThanOrEqual(20)
    expect(gaps.length).toBeGreaterThan(2)
  })

  test('G4: after ten failures in a row it is reported as failed, and tried again when the budget has healed', () => {
    const envoys = simulatedEnvoys()
    envoys.behave(() => 'exitsAtOnce')
    envoys.find()
    envoys.pass(220_000)
    expect(envoys.spawns()).toHaveLength(limits.budget + 1)
    expect(stateOf(envoys)).toBe('failed')
    envoys.behave(() => 'sound')
    envoys.pass(limits.healMs)
    expect(stateOf(envoys)).toBe('running')
  })

  test('G4: a quiet minute heals the budget', () => {
    const envoys = started()
    for (let i = 0; i < 5; i += 1) {
      envoys.kill(0)
      envoys.pass(10_000)
    }
    expect(statusOf(envoys.state()).failures).toBe(5)
    envoys.pass(limits.healthyMs)
    expect(statusOf(envoys.state()).failures).toBe(0)
  })

  test('G5: a new bootstrap is tried at once, whatever failed before', () => {
    const envoys = simulatedEnvoys()
    envoys.behave((_, launch) => (launch === 'a' ? 'exitsAtOnce' : 'sound'))
    envoys.find()
    envoys.pass(220_000)
    envoys.give({ type: 'want', launch: 'b' })
    envoys.pass(200)
    expect(envoys.serving()).toEqual(['b0'])
  })
})

describe('a hot restart', () => {
  test('G6: a new bootstrap takes over in the next epoch, and the parent leaves by itself', () => {
    const envoys = started()
    envoys.give({ type: 'want', launch: 'b' })
    envoys.pass(300)
    expect(envoys.epochs()).toEqual([0, 1])
    expect(envoys.serving()).toEqual(['b1'])
    envoys.pass(limits.parentShutdownMs)
    expect(envoys.epochs()).toEqual([1])
    expect(envoys.effects().filter(({ type }) => type === 'signal')).toEqual([])
  })

  test('G6: what changes nothing restarts nothing', () => {
    const envoys = started()
    envoys.give({ type: 'want', launch: 'a' })
    envoys.pass(600_000)
    expect(envoys.spawns()).toHaveLength(1)
  })

  test('G6: the newest of several wishes counts, one hand-over at a time', () => {
    const envoys = started()
    for (const launch of ['b', 'c', 'd']) {
      envoys.give({ type: 'want', launch })
      envoys.pass(50)
    }
    envoys.pass(20_000)
    expect(envoys.serving()).toEqual(['d2'])
  })

  test('G6: it comes when asked for, too', () => {
    const envoys = started()
    envoys.give({ type: 'restart' })
    envoys.pass(20_000)
    expect(envoys.serving()).toEqual(['a1'])
    expect(envoys.spawns()).toHaveLength(2)
  })

  test('G6: who asks while a child starts gets another, which is not the one that has started', () => {
    const envoys = started()
    envoys.give({ type: 'restart' })
    envoys.pass(20)
    expect(envoys.serving()).toEqual(['a0'])
    envoys.give({ type: 'restart' })
    envoys.give({ type: 'restart' })
    envoys.pass(60_000)
    expect(envoys.serving()).toEqual(['a2'])
    expect(envoys.spawns()).toHaveLength(3)
  })

  test('G6: an Envoy that never served is replaced outright', () => {
    const envoys = simulatedEnvoys()
    envoys.behave((_, launch) => (launch === 'a' ? 'neverLive' : 'sound'))
    envoys.find()
    envoys.pass(1_000)
    envoys.give({ type: 'want', launch: 'b' })
    envoys.pass(500)
    expect(envoys.serving()).toEqual(['b0'])
  })

  test('G7: a child that ends before it is live leaves the parent serving, and the same epoch is tried again', () => {
    const envoys = started()
    envoys.behave(() => 'exitsAtOnce')
    envoys.give({ type: 'want', launch: 'b' })
    envoys.pass(100)
    expect(envoys.serving()).toEqual(['a0'])
    envoys.behave(() => 'sound')
    envoys.pass(1_000)
    expect(envoys.serving()).toEqual(['b1'])
  })

  test('G7: a child that is not live in time is killed, the parent stays, and what is wrong is reported', () => {
    const envoys = started()
    envoys.behave(() => 'neverLive')
    envoys.give({ type: 'want', launch: 'b' })
    envoys.pass(1_200_000)
    expect(envoys.serving()).toEqual(['a0'])
    expect(envoys.spawns().length).toBeLessThan(40)
    expect(statusOf(envoys.state())).toMatchObject({ epoch: 0, stale: true })
    expect(statusOf(envoys.state()).lastFailure).toMatch(/epoch 1 ended before it was live/)
    envoys.behave(() => 'sound')
    envoys.pass(limits.healMs + 120_000)
    expect(envoys.serving()).toEqual(['b1'])
  })

  test('G8: a child that ends after it was live is followed at once by the same epoch', () => {
    const envoys = started()
    envoys.give({ type: 'want', launch: 'b' })
    envoys.pass(500)
    envoys.kill(1)
    envoys.pass(10)
    expect(envoys.epochs()).toEqual([0, 1])
    envoys.pass(200)
    expect(envoys.serving()).toEqual(['b1'])
  })

  test('G8: where that fails as well, all is cleared away and begun anew', () => {
    const envoys = started()
    envoys.give({ type: 'want', launch: 'b' })
    envoys.pass(500)
    envoys.behave((epoch) => (epoch === 0 ? 'sound' : 'exitsAtOnce'))
    envoys.kill(1)
    envoys.pass(1_000)
    expect(envoys.serving()).toEqual(['b0'])
  })

  test('G9: a parent that ends before its child is live takes the child with it, and epoch 0 begins anew', () => {
    const envoys = started()
    envoys.give({ type: 'want', launch: 'b' })
    envoys.pass(50)
    envoys.kill(0)
    envoys.pass(600)
    expect(envoys.serving()).toEqual(['b0'])
  })

  test('G14: a child whose parent ends before its time is drained and replaced before it aborts', () => {
    const envoys = started()
    envoys.give({ type: 'want', launch: 'b' })
    envoys.pass(500)
    envoys.kill(0)
    expect(envoys.serving()).toEqual(['b1'])
    envoys.pass(limits.drainAtLeastMs + 500)
    expect(envoys.serving()).toEqual(['b0'])
    expect(envoys.effects().filter(({ type }) => type === 'signal')).toEqual([
      { type: 'signal', epoch: 1, signal: 'SIGTERM' },
    ])
  })

  test('G9: when both end, epoch 0 begins anew', () => {
    const envoys = started()
    envoys.give({ type: 'want', launch: 'b' })
    envoys.pass(500)
    envoys.kill(1)
    envoys.kill(0)
    envoys.pass(limits.confirmMs + 1_000)
    expect(envoys.serving()).toEqual(['b0'])
  })
})

describe('adoption', () => {
  test('G10: an Envoy that was left running is taken over as it is', () => {
    const envoys = simulatedEnvoys()
    envoys.running(7, 'a')
    envoys.find()
    envoys.pass(600_000)
    expect(envoys.serving()).toEqual(['a7'])
    expect(envoys.spawns()).toEqual([])
  })

  test('G10: with another bootstrap it gets a hot restart', () => {
    const envoys = simulatedEnvoys({ launch: 'b' })
    envoys.running(7, 'a')
    envoys.find()
    envoys.pass(10_000)
    expect(envoys.serving()).toEqual(['b8'])
  })

  test('G10: one that is silent is replaced', () => {
    const envoys = simulatedEnvoys()
    envoys.running(7, 'a', 'deaf')
    envoys.find()
    envoys.pass(limits.confirmMs + 1_000)
    expect(envoys.serving()).toEqual(['a0'])
  })

  test('G10: one that was being drained gets a hot restart', () => {
    const envoys = started()
    envoys.give({ type: 'drain' })
    envoys.pass(1_000)
    envoys.forget()
    envoys.find()
    envoys.pass(10_000)
    expect(envoys.epochs()).toEqual([1])
    expect(stateOf(envoys)).toBe('running')
  })

  test('G10: a health check that somebody fails meanwhile is left so', () => {
    const envoys = started()
    const newest = envoys.newest()
    if (newest !== undefined) newest.drained = true
    envoys.pass(60_000)
    expect(envoys.spawns()).toHaveLength(1)
  })

  test.each([20, 60, 90, 150, 400, 3_000, 6_000])(
    'G10: a hand-over is taken over where it stands (%i ms)',
    (afterMs) => {
      const envoys = started()
      envoys.give({ type: 'want', launch: 'b' })
      envoys.pass(afterMs)
      envoys.forget()
      envoys.find()
      envoys.pass(20_000)
      expect(envoys.serving()).toEqual(['b1'])
      expect(envoys.spawns()).toHaveLength(2)
    },
  )
})

describe('leaving', () => {
  test('G11: it fails its health check, lets callers learn, waits for what is under way, then ends', () => {
    const envoys = started()
    envoys.give({ type: 'stop' })
    expect(envoys.effects().slice(-2)).toEqual([
      { type: 'post', epoch: 0, path: '/healthcheck/fail' },
      { type: 'post', epoch: 0, path: '/drain_listeners?graceful&skip_exit' },
    ])
    envoys.pass(limits.drainAtLeastMs - 50)
    expect(envoys.epochs()).toEqual([0])
    envoys.pass(500)
    expect(stateOf(envoys)).toBe('stopped')
    expect(envoys.effects().at(-1)).toEqual({ type: 'cleanSharedMemory' })
  })

  test('G11: what cannot be asked is given all the time there is, no more', () => {
    const envoys = started()
    envoys.behave(() => 'neverLive')
    envoys.give({ type: 'want', launch: 'b' })
    envoys.pass(500)
    envoys.give({ type: 'stop' })
    envoys.pass(limits.drainAtMostMs - 100)
    expect(envoys.epochs()).toEqual([0])
    envoys.pass(1_000)
    expect(stateOf(envoys)).toBe('stopped')
  })

  test('G12: drained, it stays and takes no part until it is stopped', () => {
    const envoys = started()
    envoys.give({ type: 'drain' })
    envoys.pass(60_000)
    expect(stateOf(envoys)).toBe('drained')
    expect(envoys.epochs()).toEqual([0])
    envoys.give({ type: 'stop' })
    envoys.pass(1_000)
    expect(stateOf(envoys)).toBe('stopped')
  })
})

describe('whatever happens', () => {
  const behaviour = fc.constantFrom('sound', 'sound', 'neverLive', 'exitsAtOnce', 'diesLive', 'deaf')
  const happening = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 3_000 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 40_000 }) }),
    },
    fc.record({ type: fc.constant('kill' as const), which: fc.constantFrom(0, 1) }),
    fc.record({ type: fc.constant('want' as const), launch: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ type: fc.constant('restart' as const) }),
    fc.record({ type: fc.constant('behave' as const), behaviour }),
    fc.record({ type: fc.constant('forget' as const) }),
  )
  const happenings = fc.array(happening, { maxLength: 25 })
  type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

  const play = (given: readonly Happening[]) => {
    const envoys = simulatedEnvoys()
    envoys.find()
    for (const one of given) {
      if (one.type === 'pass') envoys.pass(one.ms)
      else if (one.type === 'kill') {
        const epoch = envoys.epochs()[one.which]
        if (epoch !== undefined) envoys.kill(epoch)
      } else if (one.type === 'want') envoys.give({ type: 'want', launch: one.launch })
      else if (one.type === 'restart') envoys.give({ type: 'restart' })
      else if (one.type === 'behave') envoys.behave(() => one.behaviour)
      else {
        envoys.forget()
        envoys.find()
      }
    }
    return envoys
  }

  test('G13: no two epochs serve, no epoch starts without its parent, no third beside two', () => {
    fc.assert(
      fc.property(happenings, (given) => {
        expect(play(given).breaches()).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('G13: once Envoys are sound again, the wanted one serves alone', () => {
    fc.assert(
      fc.property(happenings, (given) => {
        const envoys = play(given)
        envoys.behave(() => 'sound')
        envoys.pass(2 * limits.healMs)
        // One that was left waiting for its first configuration goes on waiting (G2).
        if (envoys.newest()?.behaviour === 'neverLive') return
        const { phase, wanted } = envoys.state()
        expect(stateOf(envoys)).toBe('running')
        expect(envoys.serving()).toEqual([`${wanted}${phase.type === 'alone' ? phase.envoy.epoch : '?'}`])
        expect(envoys.breaches()).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  test('G13: nobody is started more often than the budget allows', () => {
    fc.assert(
      fc.property(behaviour, behaviour, (first, then) => {
        const envoys = simulatedEnvoys()
        envoys.behave((epoch) => (epoch === 0 ? first : then))
        envoys.find()
        envoys.pass(1_000)
        envoys.give({ type: 'want', launch: 'b' })
        envoys.pass(limits.healMs)
        expect(envoys.spawns().length).toBeLessThanOrEqual(3 * (limits.budget + 2))
      }),
      { numRuns: 40 },
    )
  })

  test('G13: told to stop, it stops, and nothing is left', () => {
    fc.assert(
      fc.property(happenings, happenings, (before, after) => {
        const envoys = play(before)
        envoys.give({ type: 'stop' })
        for (const one of after) {
          if (one.type === 'pass') envoys.pass(one.ms)
          else if (one.type === 'restart' || one.type === 'want') envoys.give({ type: 'restart' })
        }
        envoys.pass(limits.drainAtMostMs + 3 * limits.graceMs)
        expect(stateOf(envoys)).toBe('stopped')
        expect(envoys.epochs()).toEqual([])
        expect(envoys.breaches()).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})
