import type { SupervisionLimits } from './limits.ts'

/** An Envoy that runs. */
export type Running = {
  /** Its restart epoch. */
  readonly epoch: number
  /** Names the bootstrap and binary that it was started with. */
  readonly launch: string
}

/** What draining leads to. */
export type AfterDraining = 'stay' | 'stop' | 'startAnew'

/** What runs, and what is under way with it. */
export type Phase =
  /** Nothing runs; the next start is at `untilMs`. */
  | { readonly type: 'waiting'; readonly untilMs: number }
  | {
      readonly type: 'alone'
      readonly envoy: Running
      /** What its admin said last. */
      readonly heard: 'nothing' | 'initializing' | 'live'
      /** It is taken for lost when its admin has not answered by then. */
      readonly answerByMs: number
      /** Since when it is LIVE without wanting anything. */
      readonly healthySinceMs: number
      /** A child has made contact and died: its admin is closed for good, its listeners serve. */
      readonly mute: boolean
    }
  /** The child is not LIVE yet. */
  | {
      readonly type: 'handingOver'
      readonly parent: Running
      readonly child: Running
      readonly byMs: number
      /** False after a child died that had been LIVE: the parent takes no new connections any more. */
      readonly parentServes: boolean
      /** Somebody asked for a hot restart after the child had started. */
      readonly askedAgain: boolean
    }
  /** The child serves, the parent finishes what it has. */
  | {
      readonly type: 'settling'
      readonly parent: Running
      readonly child: Running
      readonly byMs: number
      /** The parent has outstayed its time and was killed for it. */
      readonly late: boolean
    }
  /** All that runs was killed, to begin anew. */
  | { readonly type: 'clearing'; readonly left: readonly Running[] }
  | {
      readonly type: 'draining'
      readonly left: readonly Running[]
      /** The one that serves. */
      readonly asked: Running
      readonly idle: boolean
      readonly notBeforeMs: number
      readonly byMs: number
      readonly afterwards: AfterDraining
    }
  | {
      readonly type: 'terminating'
      readonly left: readonly Running[]
      readonly byMs: number
      readonly afterwards: Exclude<AfterDraining, 'stay'>
    }
  | { readonly type: 'stopped' }

/** The state of supervising the Envoy of one node. */
export type Supervision = {
  readonly limits: SupervisionLimits
  readonly phase: Phase
  /** The launch that should run. */
  readonly wanted: string
  /** Somebody asked for a hot restart although the launch is the same. */
  readonly restartAsked: boolean
  /** Failures in a row. */
  readonly failures: number
  readonly lastFailure: string | undefined
  /** No start before. */
  readonly notBeforeMs: number
  /** The budget was used up; true until the next start. */
  readonly exhausted: boolean
  /** The epoch whose admin has a question to answer. */
  readonly asking: number | undefined
  readonly askAtMs: number
  /** Starts so far; among them children of a hot restart; failures of any kind. */
  readonly counters: { readonly starts: number; readonly handOvers: number; readonly failures: number }
}

export type Step = readonly [Supervision, readonly Effect[]]

/** What the caller is to do, in order. */
export type Effect =
  /** Start `launch`. Epoch 0 comes only when nothing runs, epoch n + 1 beside epoch n. */
  | { readonly type: 'spawn'; readonly epoch: number; readonly launch: string }
  | { readonly type: 'signal'; readonly epoch: number; readonly signal: 'SIGTERM' | 'SIGKILL' }
  /** Ask its admin for its state: `answered` or `unanswered`. Always on a new connection. */
  | { readonly type: 'askState'; readonly epoch: number }
  /** Ask its admin for the requests under way: `active` or `unanswered`. */
  | { readonly type: 'askActive'; readonly epoch: number }
  /** POST `path` to its admin; a failure is no news. */
  | { readonly type: 'post'; readonly epoch: number; readonly path: string }
  /** Remove what Envoy leaves in shared memory; nothing runs now. */
  | { readonly type: 'cleanSharedMemory' }
  /** Give a `tick` then; the newest counts. */
  | { readonly type: 'wakeAt'; readonly atMs: number }

/** What happened. */
export type SupervisionInput =
  /** Comes first, once: what a former agent left running, by epoch. */
  | { readonly type: 'found'; readonly envoys: readonly Running[] }
  /** It has ended or could not be started. */
  | { readonly type: 'exited'; readonly epoch: number; readonly how: string }
  /** An admin said that it belongs to `epoch` and what state Envoy is in (`LIVE`, `INITIALIZING` …). */
  | { readonly type: 'answered'; readonly asked: number; readonly epoch: number; readonly state: string }
  | { readonly type: 'active'; readonly asked: number; readonly requests: number }
  | { readonly type: 'unanswered'; readonly asked: number }
  | { readonly type: 'tick' }
  /** Bootstrap or binary changed. */
  | { readonly type: 'want'; readonly launch: string }
  | { readonly type: 'restart' }
  /** Finish what is under way and take nothing new, but stay. */
  | { readonly type: 'drain' }
  /** Drain, then end. */
  | { readonly type: 'stop' }
