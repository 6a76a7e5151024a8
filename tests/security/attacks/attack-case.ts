import { expect } from "vitest"
import type { DenialCode } from "../../../src/ports/guard.ts"
import type { ToolEvent } from "../../../src/ports/tools.ts"
import { type AttackRig, type AttackRigOptions, type CallDetails, settle } from "../../support/attack-rig.ts"

export type AttackClass = "A1" | "A2" | "A3" | "A4" | "A5" | "A6" | "A7" | "A8" | "A9" | "A10" | "A11"

/** One concrete attack. It fails by throwing; what may be on the wire is checked for it by whoever runs it. */
export interface AttackCase {
  readonly class: AttackClass
  readonly what: string
  readonly attack: (rig: AttackRig) => Promise<void>
  /** Changes that somebody agreed to in this case: "POST /containers/n8n/restart?t=10". */
  readonly changes?: readonly string[]
  /** It needs a server, or a guard, of its own. */
  readonly rig?: AttackRigOptions | undefined
}

/** As many words as fit on a line; what cannot be shown is written as JSON does. */
export const shown = (value: unknown): string => {
  const text = typeof value === "string" ? JSON.stringify(value) : String(typeof value)
  const ascii = text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
  return ascii.length > 60 ? `${ascii.slice(0, 60)}… (${text.length})` : ascii
}

/** The refusal of a call: this code, one row that says so, and not one byte on the wire. */
export const expectRefused = async (
  rig: AttackRig,
  name: unknown,
  args: unknown,
  code: DenialCode,
  more: CallDetails = {},
): Promise<void> => {
  const before = rig.rows.length
  const bytes = rig.docker.bytes().length
  const connections = rig.docker.connections.made
  const result = await rig.result(name, args, more)
  expect(result).toMatchObject({ type: "denied", code })
  expect(result.speech.split(" ").length).toBeLessThanOrEqual(20)
  expect(rig.rows.slice(before)).toMatchObject([{ kind: "denied", decision: "deny", reason: code }])
  expect(rig.docker.bytes().length - bytes).toBe(0)
  expect(rig.docker.connections.made - connections).toBe(0)
}

/** A call that is asked about: the question, with no more on the wire than the look at the table's own name. */
export const expectAsked = async (
  rig: AttackRig,
  tool: string,
  container: string,
  more: CallDetails = {},
) => {
  const before = rig.docker.requests.length
  const call = rig.call(tool, { container }, more)
  const question = await call.next()
  expect(question.type).toBe("consent-needed")
  expect(rig.docker.lines().slice(before)).toEqual([`GET /containers/${container}/json`])
  return { call, question }
}

/** How a call ended, and the row that says so. */
export const expectDenied = (rig: AttackRig, event: ToolEvent, code: DenialCode): void => {
  expect(event).toMatchObject({ type: "denied", code })
  expect(rig.rows.at(-1)).toMatchObject({ kind: "denied", reason: code })
}

/** The call is given up by its caller, and leaves a row. */
export const giveUp = async (
  rig: AttackRig,
  call: { stop(): Promise<void>; callId: string },
): Promise<void> => {
  await call.stop()
  await settle()
  expect(rig.rows.at(-1)).toMatchObject({ kind: "denied", reason: "cancelled", callId: call.callId })
}

/** One case for each payload: a call with these arguments is refused for this reason. */
export const refusals = (
  of: AttackClass,
  code: DenialCode,
  tools: readonly string[],
  payloads: readonly (readonly [what: string, args: () => unknown])[],
): readonly AttackCase[] =>
  payloads.flatMap(([what, args]) =>
    tools.map((tool) => ({
      class: of,
      what: `${tool} of ${what}`,
      attack: (rig: AttackRig) => expectRefused(rig, tool, args(), code),
    })),
  )

/** The same for names of containers. */
export const named = (names: readonly string[]): readonly (readonly [string, () => unknown])[] =>
  names.map((container) => [shown(container), () => ({ container })] as const)
