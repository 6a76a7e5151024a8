import { assign, fromPromise, setup } from "xstate"
import { needsRest, noteOf } from "./failure-note.ts"
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

/** `retryMs` where nothing else is configured. */
export const DEFAULT_RETRY_MS = 30_000

/** After the first failure in a row; twice as long after each further one, up to `retryMs`. */
const FIRST_RETRY_MS = 1000

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
    retryDelay: ({ context: { times, failures } }) =>
      Math.min(times.retryMs, FIRST_RETRY_MS * 2 ** (failures - 1)),
    // A model that loads and soon fails again has not recovered.
    recoveredDelay: ({ context }) => context.times.retryMs,
  },
  actions: {
    countStarted: assign({ inFlight: ({ context }) => context.inFlight + 1 }),
    countEnded: assign({ inFlight: ({ context }) => context.inFlight - 1 }),
    countLostLoad: assign({ lostLoads: ({ context }) => context.lostLoads + 1 }),
    forgetTrouble: assign({ failure: undefined, lostLoads: 0 }),
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    forgetFailures: assign({ failures: 0 }),
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
    mayRetryAtOnce: ({ context }) => context.failure === undefined || !needsRest(context.failure),
    mayLoadOnFreshHost: ({ context }, params: { readonly error: unknown }) => {
      const { reason } = noteOf(params.error)
      return (reason === "died" || reason === "hung") && context.lostLoads + 1 < MAX_LOST_LOADS
    },
  },
})

/**
 * A model's life in memory: unloaded → admitting → loading → ready ⇄ busy → unloading → unloaded, and failed.
 *
 * Every way out of memory leads through `unloading`, so that no lease is forgotten, and no time ends it: `overdue`, the
 * model is refused until its memory is back. A model is a client of its host:
 * it never restarts it, it loads again once the supervisor has.
 */
export const modelMachine = modelSetup.createMachine({
  id: "model",
  context: ({ input }) => ({
    ...input,
    inFlight: 0,
    lostLoads: 0,
    failures: 0,
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
      after: { recoveredDelay: { actions: "forgetFailures" } },
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
      initial: "releasing",
      states: {
        releasing: {
          after: { unloadDeadline: "overdue" },
          on: { "model.wanted": { actions: "wantAgain" } },
        },
        // Its memory may be in use still: whoever wants the model is refused until that is over.
        overdue: { entry: "forgetWishes" },
      },
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
        resting: { entry: "countFailure", after: { retryDelay: "open" } },
        open: { on: { "model.wanted": "#model.admitting" } },
      },
    },
  },
})
