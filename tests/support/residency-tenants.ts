import type { TenantSpec } from "../../src/machines/residency/residency-types.ts"
import type { ModelClass, Variant } from "../../src/ports/residency.ts"

const CLASSES: readonly ModelClass[] = ["wake", "vad", "stt", "llm", "tts", "background"]

/** A random model of one to three variants. */
export const randomTenant = (random: () => number, model: string): TenantSpec => {
  const whole = (below: number): number => Math.floor(random() * below)
  const modelClass = CLASSES[whole(CLASSES.length)] ?? "llm"
  const variants = Array.from(
    { length: 1 + whole(3) },
    (_, rung): Variant => ({
      footprintKey: `${model}/${rung}`,
      placement: random() < 0.75 ? "gpu" : "cpu",
      declaredMib: Math.ceil((10 + whole(5000)) / (rung + 1)),
      reloadMs: 10 + whole(3000),
    }),
  )
  return { model, modelClass, pinned: random() < 0.1, variants }
}
