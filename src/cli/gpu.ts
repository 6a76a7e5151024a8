import { existsSync } from "node:fs"
import { modelsFolder } from "../config/paths.ts"
import { probeCuda } from "../models/gpu/cuda-probe.ts"
import { type GpuSurvey, surveyGpu } from "../models/gpu/survey.ts"
import { formatSize } from "../models/pull.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { CommandFailure, messageOf } from "./failure.ts"
import { type GpuFinding, gpuFindings, obstacles } from "./gpu/findings.ts"
import { type GpuInstaller, gpuInstaller, neededSpace } from "./gpu/install.ts"
import { type GpuNeeds, gpuNeeds, TO_PROTOTYPE } from "./gpu/needs.ts"
import { switchOption } from "./options.ts"
import { paint, printable, printJson } from "./output.ts"
import { loadSettings } from "./settings.ts"
import { askOn, nobody } from "./setup/questions.ts"

const PROCESSOR = "Speech stays on the processor."

export interface GpuParts {
  survey(env: CommandContext["env"]): Promise<GpuSurvey>
  readonly installer: GpuInstaller
  /** Undefined where an ONNX model opens on the GPU, else the reason. */
  probe(model: string, signal: AbortSignal): Promise<string | undefined>
}

const realParts: GpuParts = { survey: surveyGpu, installer: gpuInstaller, probe: probeCuda }

/** `jett gpu status` and `jett gpu install`. */
export async function run(context: CommandContext, parts: GpuParts = realParts): Promise<number> {
  const survey = await parts.survey(context.env)
  const needs = gpuNeeds(loadSettings(context).config, survey)
  if (context.verb === "gpu status") return status(context, survey, needs)
  return install(context, survey, needs, parts)
}

/** Exit code 0 whatever was found: to have no GPU is no failure. */
function status(context: CommandContext, survey: GpuSurvey, needs: GpuNeeds): number {
  const findings = gpuFindings(survey, needs)
  if (context.json) {
    const { gpu, reading, source } = survey
    printJson(context, {
      profile: needs.profile,
      source,
      gpu: gpu ?? null,
      reading: reading ?? null,
      findings,
    })
  } else {
    for (const finding of findings) context.io.out(describe(context, finding))
  }
  return ExitCode.ok
}

async function install(
  context: CommandContext,
  survey: GpuSurvey,
  needs: GpuNeeds,
  parts: GpuParts,
): Promise<number> {
  const { io, signal } = context
  const { provider } = survey
  // What is fetched here is for speech, whatever the profile makes of it so far.
  const forSpeech = { ...needs, gpu: true, speech: true }
  const findings = gpuFindings(survey, forSpeech)
  for (const finding of findings) io.note(describe(context, finding))
  const first = obstacles(findings)[0]
  if (first !== undefined) {
    throw refused(
      `${first.id}: ${first.summary}. Nothing was downloaded. ${PROCESSOR} To change that: ${first.fix}`,
    )
  }
  if (survey.isProviderInstalled) io.note("The CUDA libraries of ONNX Runtime are there already.\n")
  else {
    const { bytes, url } = await parts.installer.size(provider, signal).catch((error: unknown) => {
      throw refused(`${messageOf(error)}. Nothing was downloaded. ${PROCESSOR}`)
    })
    io.note(
      `To fetch: ${provider.download.name} ${provider.download.version}, ${formatSize(bytes)}\n  from ${printable(url)}\n`,
    )
    checkSpace(bytes, parts.installer.space(provider))
    if (!(await agreed(context, bytes))) {
      throw refused(`nobody agreed to the download; jett gpu install --yes does. ${PROCESSOR}`)
    }
    await parts.installer
      .fetch(provider, (text) => io.note(text), signal)
      .catch((error: unknown) => {
        throw refused(`the download failed: ${messageOf(error)}. ${PROCESSOR}`)
      })
  }
  const files = await parts.installer.inspect(provider)
  for (const { path, bytes, sha256 } of files) io.note(`  ${path} ${formatSize(bytes)} sha256 ${sha256}\n`)
  io.note("Their publisher gives no hashes to compare with; they came over HTTPS. npm ci removes them.\n")
  // Now it is known what they really ask for.
  const left = obstacles(gpuFindings(await parts.survey(context.env), forSpeech))[0]
  if (left !== undefined) {
    throw refused(`installed, but ${left.id}: ${left.summary}. ${PROCESSOR} To change that: ${left.fix}`)
  }
  return tryOut(context, needs, parts)
}

async function tryOut(context: CommandContext, needs: GpuNeeds, parts: GpuParts): Promise<number> {
  const { io, signal } = context
  const model = `${modelsFolder(loadSettings(context).config, context.env)}/vad-silero/silero_vad.onnx`
  if (!existsSync(model)) {
    io.note("Not tried: no model is installed. Run jett models pull, then jett gpu install again.\n")
    return ExitCode.ok
  }
  const problem = await parts.probe(model, signal)
  if (problem !== undefined) throw refused(`a model does not open on the GPU: ${problem}. ${PROCESSOR}`)
  io.note("A model opens on the GPU.\n")
  io.note(
    needs.speech
      ? "Start Jett again for speech to run there.\n"
      : `Speech stays on the processor under profile ${needs.profile}. To change that: ${TO_PROTOTYPE}, and start Jett again.\n`,
  )
  return ExitCode.ok
}

function checkSpace(bytes: number, free: { readonly download: number; readonly libraries: number }): void {
  const needed = neededSpace(bytes)
  for (const place of ["download", "libraries"] as const) {
    if (free[place] >= needed[place]) continue
    throw refused(
      `${formatSize(needed[place])} are needed for the ${place} and ${formatSize(free[place])} are free. Nothing was downloaded. ${PROCESSOR}`,
    )
  }
}

async function agreed(context: CommandContext, bytes: number): Promise<boolean> {
  if (switchOption(context.options, "yes")) return true
  const questions = context.io.interactive ? askOn(context.io, context.signal) : nobody
  try {
    return await questions.confirm(`Download ${formatSize(bytes)}?`, false)
  } finally {
    questions.close()
  }
}

const refused = (message: string): CommandFailure =>
  new CommandFailure(message, ExitCode.failure, "gpu-unavailable")

const colours = { ok: "green", warn: "yellow", fail: "red" } as const

function describe({ io }: CommandContext, { id, status, summary, fix }: GpuFinding): string {
  const line = `${paint(io.colour && io.stdoutIsTerminal, colours[status], status.padEnd(4))}  ${id}: ${printable(summary)}\n`
  return fix === undefined ? line : `${line}      fix: ${fix}\n`
}
