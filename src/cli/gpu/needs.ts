import type { Config } from "../../config/definition.ts"
import { NO_DRIVER } from "../../machines/readings/reading-sources.ts"
import type { GpuSurvey } from "../../models/gpu/survey.ts"
import { type Profile, profileOf } from "../../models/memory-profile.ts"

/** What of a GPU is used as Jett is configured. */
export interface GpuNeeds {
  readonly profile: Profile
  /** The profile was not chosen by the user. */
  readonly isAuto: boolean
  /** A GPU whose memory can be read. */
  readonly gpu: boolean
  /** CUDA for models of ours; the language model is Ollama's, which brings its own. */
  readonly speech: boolean
}

/** `auto` uses whatever GPU there is, and needs none. */
export function gpuNeeds(
  config: Config,
  { source, problem }: Pick<GpuSurvey, "source" | "problem">,
): GpuNeeds {
  const wanted = config.memory.profile
  const profile = profileOf(config, source !== "none")
  return {
    profile,
    isAuto: wanted === "auto",
    gpu: wanted === "auto" ? problem !== NO_DRIVER : wanted !== "cpu",
    speech: profile === "prototype",
  }
}

/** How speech gets onto the GPU, in a sentence's part. */
export const TO_PROTOTYPE = 'set profile = "prototype" under [memory] in the file that jett config path names'

/** What the profile makes of the GPU, in a line. */
export function describeNeeds({ profile, isAuto }: GpuNeeds): string {
  const name = `${profile}${isAuto ? " (auto)" : ""}`
  switch (profile) {
    case "prototype":
      return `${name}: speech, voice and language model are to be on the GPU`
    case "lean":
      return `${name}: only Ollama's language model is to be on the GPU, and Ollama brings its own CUDA; for speech there too, ${TO_PROTOTYPE}`
    case "cpu":
      return `${name}: nothing is to be on a GPU`
  }
}
