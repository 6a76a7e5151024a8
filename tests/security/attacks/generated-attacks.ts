import fc from "fast-check"
import type { CallOrigin, DenialCode } from "../../../src/ports/guard.ts"
import {
  ALLOWED_LINES,
  type AttackRig,
  consentIdOf,
  FORBIDDEN,
  PIN,
  wordOf,
} from "../../support/attack-rig.ts"

/** A call that somebody may think of. */
interface GeneratedCall {
  readonly tool: unknown
  readonly args: unknown
  readonly origin: CallOrigin
  readonly confident: boolean
  readonly tainted: boolean
  /** What is said, should it be asked about; never the word. */
  readonly answer: string
}

const TABLE: Readonly<Record<string, Readonly<Record<string, "read" | "change" | "danger">>>> = {
  n8n: { status: "read", logs: "read", stats: "read", start: "change", restart: "change", stop: "danger" },
  postgres: { status: "read", logs: "read", restart: "danger", stop: "danger" },
  qdrant: { status: "read", logs: "read", stats: "read", start: "change", restart: "change" },
  "home-assistant": { status: "read", restart: "change" },
}
const TOOLS: Readonly<Record<string, string>> = {
  container_status: "status",
  container_logs: "logs",
  container_stats: "stats",
  start_container: "start",
  restart_container: "restart",
  stop_container: "stop",
}

/** What has to come of a call, from the table above alone: this refusal, a question, or a receipt of something read. */
const expectedOf = ({ tool, args, confident }: GeneratedCall): DenialCode | "asked" | "receipt" => {
  if (typeof tool !== "string" || !Object.hasOwn(TOOLS, tool)) return "unknown-tool"
  if (typeof args !== "object" || args === null || Array.isArray(args)) return "malformed"
  const keys = Reflect.ownKeys(args)
  const container = Object.getOwnPropertyDescriptor(args, "container")?.value
  if (keys.length !== 1 || typeof container !== "string") return "malformed"
  if (!Object.hasOwn(TABLE, container)) return "unknown-container"
  const row = TABLE[container] ?? {}
  const action = TOOLS[tool] ?? ""
  if (!Object.hasOwn(row, action)) return "not-permitted"
  if (row[action] === "read") return "receipt"
  if (!confident) return "not-confident"
  return row[action] === "danger" ? "pin-needed" : "asked"
}

const NAMES = Object.keys(TABLE)
const FRAGMENTS = [
  "/",
  "..",
  "/../",
  "%2F",
  "%252f",
  "?t=-1",
  "#",
  "\0",
  "\r\n",
  " ",
  "\u200b",
  "\u202e",
  "\u212a",
  "*",
  "-",
  ".",
]

const name = fc.constantFrom(...NAMES)
const fragment = fc.oneof(
  fc.constantFrom(...FRAGMENTS, ...FORBIDDEN),
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.string({ maxLength: 8 }),
)

/** A name of the table in which something was put, left out, or written otherwise. */
const mangled = fc.oneof(
  fc.tuple(name, fragment, fc.nat()).map(([base, piece, at]) => {
    const place = at % (base.length + 1)
    return base.slice(0, place) + piece + base.slice(place)
  }),
  fc.tuple(name, fc.nat()).map(([base, at]) => base.slice(0, at % base.length)),
  fc.tuple(name, fc.nat()).map(([base, at]) => {
    const place = at % base.length
    return base.slice(0, place) + (base[place] ?? "").toUpperCase() + base.slice(place + 1)
  }),
  fc.tuple(name, fc.nat(), fc.integer({ min: 1, max: 0xffff })).map(([base, at, by]) => {
    const place = at % base.length
    return (
      base.slice(0, place) +
      String.fromCharCode((base.charCodeAt(place) + by) % 0x10000) +
      base.slice(place + 1)
    )
  }),
  fc.tuple(name, name).map(([one, other]) => `${one}/../${other}`),
  name.map((base) => base.normalize("NFKD").split("").join("\u0301")),
)
const container = fc.oneof(
  { weight: 8, arbitrary: mangled },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...FORBIDDEN, "__proto__", "constructor", "toString", "hasOwnProperty"),
  },
  { weight: 1, arbitrary: fc.stringMatching(/^[0-9a-f]{1,64}$/) },
)

const tool = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...Object.keys(TOOLS)) },
  { weight: 1, arbitrary: fc.constantFrom("kill_container", "exec", "__proto__", "constructor", "confirm") },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...Object.keys(TOOLS)), fragment)
      .map(([base, piece]) => base + piece),
  },
)

const args = fc.oneof(
  { weight: 12, arbitrary: container.map((named) => ({ container: named })) },
  { weight: 1, arbitrary: name.map((named) => ({ container: named })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(name, fc.dictionary(fc.string({ minLength: 1, maxLength: 10 }), fc.jsonValue(), { maxKeys: 3 }))
      .map(([named, more]) => ({ ...more, container: named })),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }).map((value) => ({ container: value })) },
  {
    weight: 1,
    arbitrary: fc
      .json({ maxDepth: 3 })
      .map((json) => JSON.parse(`{"container": "n8n", "__proto__": ${json}}`)),
  },
)

const answer = fc.oneof(
  fc.constantFrom("yes", "no", "confirm", "yes yes", "", "tango", "go ahead", "the user confirmed", "say it"),
  fc.string({ unit: "grapheme", maxLength: 30 }),
)

export const generatedCall: fc.Arbitrary<GeneratedCall> = fc.record({
  tool,
  args,
  origin: fc.constantFrom<CallOrigin>("phrase", "model", "command-line"),
  confident: fc.boolean(),
  tainted: fc.boolean(),
  answer,
})

/** The conversation that has read a log. */
export const TAINTED = "tainted-talk"

/** Makes the call, and gives back what was wrong about what came of it; undefined where nothing was. */
export const attackWith = async (rig: AttackRig, generated: GeneratedCall): Promise<string | undefined> => {
  const expected = expectedOf(generated)
  const { tool: named, args: given, origin, confident, tainted } = generated
  rig.docker.clear()
  const before = rig.rows.length
  const call = rig.call(named, given, { origin, confident, ...(tainted && { conversationId: TAINTED }) })
  const event = await call.next()
  const found = event.type === "consent-needed" ? "asked" : event.type === "denied" ? event.code : "receipt"
  const lines = rig.docker.lines()
  const rows = rig.rows.slice(before)
  const wrong = (what: string) =>
    `${what}: expected ${expected}, found ${found}, on the wire ${JSON.stringify(lines)}`
  if (found !== expected) return wrong("another end")
  if (lines.some((line) => !ALLOWED_LINES.has(line))) return wrong("a line that may not be")
  if (rig.docker.changes().length > 0) return wrong("a change without consent")
  if (found === "receipt") return rows.some(({ kind }) => kind === "intent") ? undefined : wrong("no intent")
  if (found === "asked" || found === "pin-needed") {
    if (lines.length !== 1) return wrong("more than one look")
    return found === "asked" ? refuse(rig, call, generated.answer) : refusePin(rig, generated.answer)
  }
  if (lines.length > 0 || rig.docker.bytes().length > 0) return wrong("bytes of a refused call")
  const [row, ...more] = rows
  return row?.kind === "denied" && row.reason === expected && more.length === 0
    ? undefined
    : wrong("no row, or another")
}

/** Whatever was answered, nothing is done. A word that happens to be the right one is not said. */
const refuse = async (
  rig: AttackRig,
  call: ReturnType<AttackRig["call"]>,
  said: string,
): Promise<string | undefined> => {
  const question = call.events[0]
  const isRight = said.toLowerCase().includes(wordOf(question))
  const verdict = isRight ? "denied" : await rig.say(consentIdOf(question), said)
  await call.stop()
  if (verdict === "granted" || rig.docker.changes().length > 0) return `granted by ${JSON.stringify(said)}`
  if (rig.rows.at(-1)?.kind !== "denied") return `no row of the refusal after ${JSON.stringify(said)}`
  // Nobody waits as long as an operation is locked.
  rig.clock.increment(301_000)
  return undefined
}

const refusePin = async (rig: AttackRig, said: string): Promise<string | undefined> => {
  const id = rig.guard.pending()?.consentId ?? "none"
  if (said !== PIN && (await rig.say(id, said)) !== "denied") return "a PIN that was spoken"
  rig.clock.increment(301_000)
  await new Promise((resolve) => setImmediate(resolve))
  return rig.docker.changes().length > 0 ? "a change without a PIN" : undefined
}
