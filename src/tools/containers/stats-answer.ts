import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ContainerUsage } from "../../ports/containers.ts"

const Processor = Schema.Struct({
  cpu_usage: Schema.optionalKey(Schema.Struct({ total_usage: Schema.optionalKey(Schema.Number) })),
  system_cpu_usage: Schema.optionalKey(Schema.Number),
  online_cpus: Schema.optionalKey(Schema.Number),
})

/** What is read of `GET /containers/NAME/stats?stream=false`: two looks at the processor, one at the memory. */
const Stats = Schema.Struct({
  name: Schema.String,
  cpu_stats: Processor,
  precpu_stats: Processor,
  memory_stats: Schema.Struct({
    usage: Schema.optionalKey(Schema.Number),
    stats: Schema.optionalKey(
      Schema.Struct({
        inactive_file: Schema.optionalKey(Schema.Number),
        total_inactive_file: Schema.optionalKey(Schema.Number),
      }),
    ),
  }),
})

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Stats))
const MIB = 2 ** 20

/**
 * Undefined where the text is no statistics of the container `name`. Counted as `docker stats` counts: the processor's
 * share of the time between two looks, and memory without the cache of files (cgroup v2, v1).
 */
export const parseStats = (
  json: string,
  name: string,
  limitBytes: number | undefined,
): ContainerUsage | undefined => {
  const found = Option.getOrUndefined(decode(json))
  if (found === undefined || found.name !== `/${name}`) return undefined
  const { cpu_stats: now, precpu_stats: before, memory_stats: memory } = found
  const used = (now.cpu_usage?.total_usage ?? 0) - (before.cpu_usage?.total_usage ?? 0)
  const passed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0)
  const cache = memory.stats?.inactive_file ?? memory.stats?.total_inactive_file ?? 0
  return {
    cpuPercent: used > 0 && passed > 0 ? (used / passed) * (now.online_cpus ?? 1) * 100 : 0,
    memoryMib: Math.max(0, (memory.usage ?? 0) - cache) / MIB,
    memoryLimitMib: limitBytes === undefined ? undefined : limitBytes / MIB,
  }
}
