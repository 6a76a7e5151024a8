import * as Schema from "effect/Schema"

/** What the NVML child says on its stdout, one JSON object a line; anything else there is the driver's own noise. */
export type NvmlMessage =
  | {
      readonly type: "described"
      readonly name: string
      readonly driverVersion: string
      readonly cudaVersion?: string | undefined
      readonly count: number
    }
  | {
      readonly type: "reading"
      /** Of the question that it answers. */
      readonly id: number
      readonly totalMib: number
      readonly usedMib: number
      readonly processes?: readonly { readonly pid: number; readonly usedMib: number }[] | undefined
    }
  | { readonly type: "failed"; readonly message: string; readonly isFinal: boolean }

const mib = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const message = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("described"),
    name: Schema.String,
    driverVersion: Schema.String,
    cudaVersion: Schema.optionalKey(Schema.String),
    count: Schema.Int,
  }),
  Schema.Struct({
    type: Schema.Literal("reading"),
    id: Schema.Int,
    totalMib: mib,
    usedMib: mib,
    processes: Schema.optionalKey(Schema.Array(Schema.Struct({ pid: Schema.Int, usedMib: mib }))),
  }),
  Schema.Struct({ type: Schema.Literal("failed"), message: Schema.String, isFinal: Schema.Boolean }),
])

const decode = Schema.decodeUnknownOption(message)

/** Undefined for a line that is no message. */
export function parseNvmlMessage(line: string): NvmlMessage | undefined {
  if (!line.startsWith("{")) return undefined
  try {
    const decoded = decode(JSON.parse(line))
    return decoded._tag === "Some" ? decoded.value : undefined
  } catch {
    return undefined
  }
}
