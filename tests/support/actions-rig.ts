import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { assistantActions } from "../../src/actors/actions/assistant-actions.ts"
import { superviseActions } from "../../src/actors/actions/supervise-actions.ts"
import { loadConfig } from "../../src/config/load-config.ts"
import type { ToolResult } from "../../src/ports/tools.ts"
import { type LogRecord, readLog } from "../../src/security/audit/read-log.ts"
import { CONTAINER_ACTIONS } from "../../src/security/container-actions.ts"

export interface ActionsRigOptions {
  /** The state folder is made in it. */
  readonly home: string
  /** Of the engine. */
  readonly host: string
  readonly settings?: Readonly<Record<string, string>>
}

export interface RigCall {
  readonly callId?: string
  /** Done when the question is asked, before it is answered with the right word. */
  readonly meanwhile?: () => unknown
}

export interface ActionsRig {
  /** One call about the container "web" as from the command line; every question gets the right answer. */
  call(tool: string, options?: RigCall): Promise<ToolResult>
  /** The log as it is on the disk. */
  rows(): readonly LogRecord[]
  readonly database: string
  close(): Promise<void>
}

/** Intents on record that have no outcome. */
export const openIntents = (rows: readonly LogRecord[]): readonly unknown[] => {
  const ended = new Set(rows.filter(({ kind }) => kind === "outcome").map(({ details }) => details["callId"]))
  return rows.filter(({ kind, details }) => kind === "intent" && !ended.has(details["callId"]))
}

let made = 0

/** All that acts on the world, composed as in the daemon: the real log, tools, desk and limits. */
export const actionsRig = async ({ home, host, settings = {} }: ActionsRigOptions): Promise<ActionsRig> => {
  const env = { HOME: home, XDG_CONFIG_HOME: home, XDG_STATE_HOME: join(home, "state") }
  // The fake engine is in this process: a moment in which nothing here runs is no engine that is away.
  const quick = { "docker.timeout_ms": "5000", "docker.stop_grace_s": "1", "guard.per_minute": "60" }
  const overrides = new Map(Object.entries({ "docker.host": host, ...quick, ...settings }))
  const { config } = loadConfig({ env, overrides })
  const web = {
    ...{ name: "web", allow: CONTAINER_ACTIONS, database: false, aliases: [] },
    ...{ spoken: undefined, project: undefined, service: undefined, stopGraceS: undefined },
  }
  const stateFolder = join(home, "state", "jett")
  const actions = assistantActions({
    config: { ...config, containers: [web] },
    version: "0.0.0",
    env,
    stateFolder,
    stays: false,
    onNotice: () => {},
    announcements: { announce: () => {}, withdraw: () => false },
    models: () => ({ models: [], pools: null }),
  })
  const scope = Scope.makeUnsafe()
  await Effect.runPromise(Scope.provide(superviseActions(actions), scope))
  const { guard } = actions
  const database = join(stateFolder, "audit", "audit.db")
  return {
    database,
    call: (name, { callId = `rig-${process.pid}-${++made}`, meanwhile } = {}) => {
      const args = name === "list_containers" ? {} : { container: "web" }
      const call = { callId, turnId: callId, revision: 0, name, arguments: args }
      const context = { origin: "command-line", conversationId: callId, confident: true } as const
      let result: ToolResult | undefined
      const run = guard.call(call, context).pipe(
        Stream.runForEach((event) => {
          if (event.type !== "consent-needed") {
            result = event
            return Effect.void
          }
          const text = /: (\w+)\.$/.exec(event.question)?.[1] ?? ""
          return Effect.andThen(
            Effect.promise(async () => meanwhile?.()),
            guard.answer({ type: "typed", consentId: event.consentId, text }),
          )
        }),
      )
      return Effect.runPromise(run).then(() => {
        if (result === undefined) throw new Error(`${name} ended without a result`)
        return result
      })
    },
    rows: () => {
      const log = readLog(database)
      try {
        return [...log.all()]
      } finally {
        log.close()
      }
    },
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
