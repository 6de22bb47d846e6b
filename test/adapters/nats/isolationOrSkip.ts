import { isolatedPlaces } from './isolatedPlaces.ts'

/** Whether tests may make network namespaces here, or why not: `describe.skipIf(isolation.skip)`. */
export const isolationOrSkip = async (): Promise<{ readonly skip: boolean }> => {
  try {
    await (await isolatedPlaces(1)).remove()
    return { skip: false }
  } catch (error) {
    console.warn(`skipped: no network namespaces (they take root and ip): ${(error as Error).message}`)
    return { skip: true }
  }
}
