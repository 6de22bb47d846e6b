import { problemCodes } from '../problemCode.ts'
import { text } from '../shapes/text.ts'

/** Where what comes to a proxy goes on its own machine. */
export const defaultEndpoint = text(
  'defaultEndpoint',
  problemCodes.badAddress,
  '127.0.0.1, [::1], 0.0.0.0 or [::] and a port, such as 127.0.0.1:8080, or unix:///path',
  (value) => {
    if (value.startsWith('unix:///')) return value.length <= 108 && !/\p{Cc}/u.test(value)
    const [, own, number = ''] = /^(127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):([1-9]\d{0,4})$/.exec(value) ?? []
    return own !== undefined && Number(number) <= 65_535
  },
)
