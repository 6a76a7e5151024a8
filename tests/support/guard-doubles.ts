import * as Effect from "effect/Effect"
import type { OperationLimit } from "../../src/actors/guard/guard-types.ts"
import type {
  Confirmation,
  ConfirmationDesk,
  ConfirmationRequest,
  EarlierVerdict,
  Pin,
} from "../../src/ports/consent.ts"
import type { Tier } from "../../src/ports/guard.ts"
import type {
  GuardedTool,
  Operation,
  Performed,
  Reconciled,
  Target,
  TargetFailure,
} from "../../src/ports/guarded-tool.ts"

/** What a tool of the rig does; each thing can be replaced by a test. */
export interface ScriptedTool extends GuardedTool {
  /** In the order that they happened: `identify n8n`, `perform n8n`, `reconcile n8n`. */
  readonly log: string[]
  identified: (container: string) => Effect.Effect<Target, TargetFailure>
  performed: (container: string) => Effect.Effect<Performed>
  reconciled: (container: string) => Effect.Effect<Reconciled>
}

export const done = (speech = "It is done."): Performed => ({
  outcome: "done",
  speech,
  observed: { state: "running" },
})

/** A tool that takes `{ container }`; `own` ones have no container and nothing to identify. */
export const scriptedTool = (name: string, tier: Tier): ScriptedTool => {
  const log: string[] = []
  const isAbout = tier !== "own"
  const tool: ScriptedTool = {
    log,
    identified: (container) => Effect.succeed({ id: `id-of-${container}` }),
    performed: () => Effect.succeed(done()),
    reconciled: () => Effect.succeed(done("It is so by now.")),
    definition: { name, description: name, parameters: {} },
    prepare: (args) => {
      const container = args["container"]
      const others = Object.keys(args).filter((key) => key !== "container")
      if (typeof container !== "string" || others.length > 0)
        return { type: "refused", code: "malformed", speech: "I need one container." }
      if (container !== "n8n" && container !== "postgres")
        return { type: "refused", code: "unknown-container", speech: "I don't know that one." }
      const operation: Operation = {
        tool: name,
        tier,
        subject: isAbout ? container : name,
        container: isAbout ? container : undefined,
        arguments: { container },
        spoken: `${name} ${container}`,
      }
      return { type: "operation", operation }
    },
    ...(isAbout && {
      identify: (operation) =>
        Effect.suspend(() => {
          log.push(`identify ${operation.subject}`)
          return tool.identified(operation.subject)
        }),
    }),
    perform: (operation, target) =>
      Effect.suspend(() => {
        log.push(`perform ${operation.subject} ${target?.id ?? "nothing"}`)
        return tool.performed(operation.subject)
      }),
    reconcile: (operation) =>
      Effect.suspend(() => {
        log.push(`reconcile ${operation.subject}`)
        return tool.reconciled(operation.subject)
      }),
  }
  return tool
}

export interface ScriptedDesk extends ConfirmationDesk {
  readonly requests: ConfirmationRequest[]
  locked: number
  readonly seeded: EarlierVerdict[]
  /** In the place of a verdict. */
  broken: boolean
}

/** "tango" is the word, "no" a refusal, "again" is asked once more, "late" is too late; all else is a wrong word. */
export const scriptedDesk = (): ScriptedDesk => {
  let pending: { readonly confirmation: Confirmation; readonly request: ConfirmationRequest } | undefined
  let count = 0
  const ask = (request: ConfirmationRequest): Confirmation => {
    count++
    const confirmation = {
      consentId: `q${count}`,
      question: `To ${request.spoken}, say tango.`,
      expiresInMs: 20_000,
    }
    pending = { confirmation, request }
    return confirmation
  }
  const desk: ScriptedDesk = {
    requests: [],
    locked: 0,
    seeded: [],
    broken: false,
    open: (request) => {
      if (pending !== undefined) return undefined
      desk.requests.push(request)
      return ask(request)
    },
    judge: (answer) => {
      if (desk.broken) throw new Error("a broken desk")
      const asked = pending
      pending = undefined
      if (asked === undefined || asked.confirmation.consentId !== answer.consentId)
        return { type: "denied", reason: "not-pending" }
      const text = answer.type === "typed" ? answer.text : answer.transcript
      if (text === "tango") return { type: "granted", hash: asked.request.hash }
      if (text === "other") return { type: "granted", hash: "the hash of something else" }
      if (text === "again")
        return { type: "ask-again", reason: "too-early", confirmation: ask(asked.request) }
      if (text === "late") return { type: "denied", reason: "too-late" }
      if (text === "often") return { type: "denied", reason: "too-many-failures" }
      return { type: "denied", reason: text === "" ? "silence" : "deny-word" }
    },
    close: (consentId) => {
      if (pending?.confirmation.consentId === consentId) pending = undefined
    },
    isPending: () => pending !== undefined,
    lockedMs: () => desk.locked,
    lockMs: 300_000,
    seed: (verdicts) => void desk.seeded.push(...verdicts),
  }
  return desk
}

/** Counts, and lets everything through unless it is told a limit. */
export const countingLimit = (): OperationLimit & {
  admitted: number
  denials: number
  most: number
  mostDenials: number
  seeded: number[]
  seededDenials: number[]
} => ({
  admitted: 0,
  denials: 0,
  most: Number.POSITIVE_INFINITY,
  mostDenials: Number.POSITIVE_INFINITY,
  seeded: [],
  seededDenials: [],
  admit() {
    if (this.admitted >= this.most) return false
    this.admitted++
    return true
  },
  admitDenial() {
    if (this.denials >= this.mostDenials) return false
    this.denials++
    return true
  },
  seed(ages, _nowMs, denied = []) {
    this.seeded.push(...ages)
    this.seededDenials.push(...denied)
  },
})

export const scriptedPin = (): Pin & { isThere: boolean; right: string; isLocked: boolean } => {
  const pin = {
    isThere: true,
    right: "2468",
    isLocked: false,
    isSet: Effect.sync((): boolean => pin.isThere),
    verify: (typed: string) =>
      Effect.sync(() => {
        if (!pin.isThere) return "not-set" as const
        if (pin.isLocked) return "locked" as const
        return typed === pin.right ? ("right" as const) : ("wrong" as const)
      }),
  }
  return pin
}
