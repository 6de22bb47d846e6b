import type { LocalityLbSetting } from '../../../model/istio/destinationRule.ts'
import { problemCodes } from '../../problemCode.ts'
import { type Codec, checked } from '../../shapes/codec.ts'
import { listOf } from '../../shapes/listOf.ts'
import { mapOf } from '../../shapes/mapOf.ts'
import { truth, wholeNumber } from '../../shapes/number.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { plainText, text } from '../../shapes/text.ts'

type Distribute = NonNullable<LocalityLbSetting['distribute']>[number]
type Failover = NonNullable<LocalityLbSetting['failover']>[number]

const locality = text(
  'locality',
  problemCodes.badText,
  'a locality "region/zone/subzone" of three parts at most, of which "*" stands for any',
  (value) => /^[^/*]*(?:\/[^/*]+){0,2}(?:\/\*)?$|^\*$/.test(value) && value.split('/').length <= 3,
)
const region = plainText('region', 253)

/** How callers share their requests out over localities. */
export const localityLbSetting: Codec<LocalityLbSetting> = checked(
  struct<LocalityLbSetting>('localityLbSetting', {
    distribute: optional(
      listOf(
        'distribute',
        checked(
          struct<Distribute>('shares', {
            from: optional(locality),
            to: optional(mapOf('shares', locality, wholeNumber('percent', 0, 100))),
          }),
          ({ to = {} }) => {
            const sum = Object.values(to).reduce((all, one) => all + one, 0)
            return sum === 100
              ? []
              : [
                  {
                    code: problemCodes.weights,
                    message: `The shares sum to ${sum}, not to 100.`,
                    path: ['to'],
                  },
                ]
          },
        ),
      ),
    ),
    failover: optional(
      listOf(
        'failover',
        checked(
          struct<Failover>('failover', { from: optional(region), to: optional(region) }),
          ({ from, to }) =>
            from === to
              ? [
                  {
                    code: problemCodes.excluded,
                    message: 'A region fails over to another one.',
                    path: ['to'],
                  },
                ]
              : [],
        ),
      ),
    ),
    failoverPriority: optional(listOf('failoverPriority', plainText('label', 253))),
    enabled: optional(truth),
  }),
  (setting) => {
    const found = (['distribute', 'failover', 'failoverPriority'] as const).filter(
      (key) => (setting[key] ?? []).length > 0,
    )
    return found.length < 2
      ? []
      : [
          {
            code: problemCodes.excluded,
            message: `A localityLbSetting has at most one of distribute, failover and failoverPriority; found ${found.join(' and ')}.`,
            path: [found[1] as string],
          },
        ]
  },
)
