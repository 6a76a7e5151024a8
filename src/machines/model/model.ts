import { assign, fromPromise, setup } from "xstate"
import type {
  FailureNote,
  HostGone,
  ModelContext,
  ModelEvent,
  ModelInput,
  ReleaseInput,
} from "./model-types.ts"

/** A load may lose its host this often in a row before the model has failed; the supervisor's breaker counts too. */
const MAX_LOST_LOADS = 3

/** Reasons for which trying again at once is pointless. The others are guarded elsewhere, or the user just fixed them. */
const RESTING: ReadonlySet<FailureNote["reason"]> = new Set([
  "load-failed",
  "died",
  "hung",
  "deadline",
  "failed",
])

const REASONS: ReadonlySet<string> = new Set<FailureNote["reason"]>([
  "missing",
  "refused",
  "load-failed",
  "died",
  "hung",
  "deadline",
  "failed",
  "unavailable",
])

const isReason = (value: unknown): value is FailureNote["reason"] =>
  typeof value === "string" && REASONS.has(value)

/** What the actors fail with is a `ModelFailure`; anything else is a defect, and a failed load all the same. */
const noteOf = (error: unknown): FailureNote => {
  const message = error instanceof Error ? error.message : String(error)
  const reason = typeof error === "object" && error !== null && "reason" in error ? error.reason : undefined
  return { reason: isReason(reason) ? reason : "failed", message }
}

const notProvided = async (): Promise<never> => {
  throw new Error("The model machine needs the actors of src/actors/models/model-life.ts.")
}

const modelSetup = setup({
  types: {
    input: {} as ModelInput,
    context: {} as ModelContext,
    events: {} as ModelEvent,
  },
  actors: {
    /** Ends with a lease on memory; fails when refused. */
    acquireLease: fromPromise<void>(notProvided),
    /** Ends when the engine is loaded in a running host. */
    loadModel: fromPromise<void>(notProvided),
    /** Ends when the host that holds the model is gone; fails when it is away and no restart of ours brings it back. */
    watchHost: fromPromise<HostGone>(notProvided),
    /**
     * Ends when the memory is given back: the unloading confirmed, or the process gone. The lease ends with it.
     * Fails when the memory is not back; its lease then goes on, and is for the actor to end.
     */
    releaseModel: fromPromise<void, ReleaseInput>(notProvided),
  },
  delays: {
    admitDeadline: ({ context }) => context.times.admitMs,
    loadDeadline: ({ context }) => context.times.loadMs,
    busyDeadline: ({ context }) => context.times.busyMs,
    unloadDeadline: ({ context }) => context.times.unloadMs,
    retryDelay: ({ context }) => context.times.retryMs,
  },
  actions: {
    countStarted: assign({ inFlight: ({ context }) => context.inFlight + 1 }),
    countEnded: assign({ inFlight: ({ context }) => context.inFlight - 1 }),
    countLostLoad: assign({ lostLoads: ({ context }) => context.lostLoads + 1 }),
    forgetTrouble: assign({ failure: undefined, lostLoads: 0 }),
    noteError: assign({ failure: (_, params: { readonly error: unknown }) => noteOf(params.error) }),
    noteLate: assign({
      failure: ({ context }, params: { readonly what: string }): FailureNote => ({
        reason: "deadline",
        message: `${context.modelId}: ${params.what} took too long.`,
      }),
    }),
    wantAgain: assign({ wantedAgain: true }),
    askToUnload: assign({ unloadAsked: true }),
    forgetWishes: assign({ wantedAgain: false, unloadAsked: false }),
  },
  guards: {
    isInUse: ({ context }) => context.inFlight > 0,
    isIdle: ({ context }) => context.inFlight === 0,
    isUnloadAsked: ({ context }) => context.unloadAsked,
    reloadsAtOnce: ({ context }) => context.reload === "at-once" && !context.unloadAsked,
    hasFailed: ({ context }) => context.failure !== undefined,
    isWantedAgain: ({ context }) => context.wantedAgain,
    mayRetryAtOnce: ({ context }) => context.failure === undefined || !RESTING.has(context.failure.reason),
    mayLoadOnFreshHost: ({ context }, params: { readonly error: unknown }) => {
      const { reason } = noteOf(params.error)
      return (reason === "died" || reason === "hung") && context.lostLoads + 1 < MAX_LOST_LOADS
    },
  },
})

/**
 * A model's life in memory: unloaded → admitting → loading → ready ⇄ busy → unloading → unloaded, and failed.
 *
 * Every way out of memory leads through `unloading`, so that no lease is forgotten. A model is a client of its host:
 * it never restarts it, it loads again once the supervisor has.
 */
export const modelMachine = modelSetup.createMachine({
  id: "model",
  context: ({ input }) => ({
    ...input,
    inFlight: 0,
    lostLoads: 0,
    wantedAgain: false,
    unloadAsked: false,
    failure: undefined,
  }),
  initial: "unloaded",
  on: {
    "inference.started": { actions: "countStarted" },
    "inference.ended": { actions: "countEnded" },
  },
  states: {
    unloaded: {
      entry: "forgetWishes",
      on: { "model.wanted": "admitting" },
    },
    admitting: {
      entry: ["forgetWishes", "forgetTrouble"],
      invoke: {
        src: "acquireLease",
        onDone: "loading",
        onError: {
          target: "unloading",
          actions: { type: "noteError", params: ({ event }) => ({ error: event.error }) },
        },
      },
      after: {
        admitDeadline: {
          target: "unloading",
          actions: { type: "noteLate", params: { what: "waiting for memory" } },
        },
      },
      on: { "model.unwanted": "unloading" },
    },
    loading: {
      invoke: {
        src: "loadModel",
        onDone: { target: "loaded", actions: "forgetTrouble" },
        onError: [
          {
            guard: { type: "mayLoadOnFreshHost", params: ({ event }) => ({ error: event.error }) },
            target: "loading",
            reenter: true,
            actions: "countLostLoad",
          },
          {
            target: "unloading",
            actions: { type: "noteError", params: ({ event }) => ({ error: event.error }) },
          },
        ],
      },
      after: {
        loadDeadline: { target: "unloading", actions: { type: "noteLate", params: { what: "loading" } } },
      },
      on: { "model.unwanted": "unloading" },
    },
    loaded: {
      invoke: {
        src: "watchHost",
        onDone: [{ guard: "reloadsAtOnce", target: "loading" }, { target: "unloading" }],
        onError: {
          target: "unloading",
          actions: { type: "noteError", params: ({ event }) => ({ error: event.error }) },
        },
      },
      initial: "ready",
      // A wish to unload stands: the ledger has given the memory to somebody else. Nor does a loaded model need to be
      // wanted, unless its host is gone and that is not known here yet.
      on: { "model.wanted": { guard: "isUnloadAsked", actions: "wantAgain" } },
      states: {
        ready: {
          always: [
            { guard: "isInUse", target: "busy" },
            { guard: "isUnloadAsked", target: "#model.unloading" },
          ],
          on: { "model.unwanted": "#model.unloading" },
        },
        busy: {
          always: { guard: "isIdle", target: "ready" },
          after: {
            busyDeadline: {
              target: "#model.unloading",
              actions: { type: "noteLate", params: { what: "an inference" } },
            },
          },
          on: {
            // Re-entering restarts the deadline: it measures silence, not work.
            "inference.started": { target: "busy", reenter: true, actions: "countStarted" },
            "inference.ended": { target: "busy", reenter: true, actions: "countEnded" },
            "model.unwanted": { actions: "askToUnload" },
          },
        },
      },
    },
    unloading: {
      invoke: {
        src: "releaseModel",
        input: ({ context }) => ({ force: context.failure?.reason === "deadline" }),
        onDone: "released",
        onError: {
          target: "released",
          actions: { type: "noteError", params: ({ event }) => ({ error: event.error }) },
        },
      },
      after: { unloadDeadline: "released" },
      on: { "model.wanted": { actions: "wantAgain" } },
    },
    released: {
      always: [
        { guard: "hasFailed", target: "failed" },
        { guard: "isWantedAgain", target: "admitting" },
        { target: "unloaded" },
      ],
    },
    failed: {
      entry: "forgetWishes",
      initial: "deciding",
      states: {
        deciding: {
          always: [{ guard: "mayRetryAtOnce", target: "open" }, { target: "resting" }],
        },
        resting: { after: { retryDelay: "open" } },
        open: { on: { "model.wanted": "#model.admitting" } },
      },
    },
  },
})
