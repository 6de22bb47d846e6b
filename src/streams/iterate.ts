import { Observable } from 'rxjs'

/** What `open` yields, as an Observable. Unsubscribing aborts the signal that `open` was given. */
export const iterate = <T>(open: (signal: AbortSignal) => AsyncIterable<T>): Observable<T> =>
  new Observable((subscriber) => {
    const abort = new AbortController()
    const drain = async (): Promise<void> => {
      for await (const value of open(abort.signal)) {
        if (subscriber.closed) return
        subscriber.next(value)
      }
      subscriber.complete()
    }
    drain().catch((reason: unknown) => subscriber.error(reason))
    return () => abort.abort()
  })
