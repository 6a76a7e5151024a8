import { createInterface } from "node:readline/promises"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { modelsFolder } from "../config/paths.ts"
import { acceptedByEnvironment, describeRestriction, type RestrictedLicence } from "../models/licence.ts"
import {
  loadManifest,
  type Manifest,
  ManifestError,
  type ManifestModel,
  selectModels,
} from "../models/manifest.ts"
import { formatSize, type PullFailure, pullModels } from "../models/pull.ts"
import { type VerifiedFile, verifyModels } from "../models/verify.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { makePullProgress, type ProgressOutput } from "./models-progress.ts"
import { switchOption } from "./options.ts"
import { loadSettings } from "./settings.ts"

export interface ModelsOptions {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: ProgressOutput
  readonly json: boolean
  /** Model ids; none means the default models for pull, and all of them for ls and verify. */
  readonly ids?: readonly string[] | undefined
  /** Where the models are; see `modelsFolder`. */
  readonly directory: string
  readonly manifest?: Manifest | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ModelsPullOptions extends ModelsOptions {
  readonly stdin?: (NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined }) | undefined
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  readonly acceptLicence?: boolean | undefined
  readonly offline?: boolean | undefined
  /** Every model of the manifest, not only the default ones. */
  readonly all?: boolean | undefined
}

/** `jett models ls`, `pull` and `verify`. */
export const run = (context: CommandContext): Promise<number> => {
  const { env, io, json, options, signal } = context
  const common: ModelsOptions = {
    stdout: { write: (text) => io.out(text) },
    stderr: {
      write: (text) => io.note(text),
      isTTY: io.stderrIsTerminal,
      columns: process.stderr.columns,
    },
    json,
    ids: context.args,
    directory: modelsFolder(loadSettings(context).config, env),
    signal,
  }
  switch (context.verb) {
    case "models ls":
      return modelsLs(common)
    case "models verify":
      return modelsVerify(common)
    default:
      return modelsPull({
        ...common,
        stdin: io.stdin,
        env,
        acceptLicence: switchOption(options, "acceptLicence"),
        offline: switchOption(options, "offline"),
        all: switchOption(options, "all"),
      })
  }
}

/** `jett models ls`: every model, its licence and whether it is installed (presence and size; `verify` reads them). */
export const modelsLs = (options: ModelsOptions): Promise<number> =>
  withModels(options, true, async ({ manifest, models, directory }) => {
    const rows = await Promise.all(
      models.map(async (model) => {
        const files = await collect(verifyModels(directory, [model], { hash: false, signal: options.signal }))
        const ok = files.filter((file) => file.state === "ok").length
        return {
          id: model.id,
          title: model.title,
          engine: model.engine,
          default: model.default,
          installed: ok === files.length,
          state: ok === files.length ? "installed" : ok === 0 ? "not installed" : "incomplete",
          bytes: files.reduce((sum, file) => sum + file.bytes, 0),
          nonCommercial: model.files.some((file) => manifest.licences[file.licence]?.nonCommercial === true),
          licences: [...new Set(model.files.map((file) => manifest.licences[file.licence]?.name ?? ""))],
          directory: `${directory}/${model.id}`,
        }
      }),
    )
    if (options.json) {
      options.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
      return ExitCode.ok
    }
    for (const row of rows) {
      options.stdout.write(
        `${row.id.padEnd(22)} ${row.state.padEnd(13)} ${formatSize(row.bytes).padStart(7)}  ${row.title}` +
          `${row.nonCommercial ? "  [non-commercial use only]" : ""}\n`,
      )
    }
    return ExitCode.ok
  })

/** `jett models verify`: reads every file and compares its hash; exit 5 when one is missing, 1 when one is altered. */
export const modelsVerify = (options: ModelsOptions): Promise<number> =>
  withModels(options, true, async ({ models, directory }) => {
    const files: VerifiedFile[] = []
    for await (const file of verifyModels(directory, models, { hash: true, signal: options.signal })) {
      files.push(file)
      if (!options.json) options.stdout.write(`${file.state.replace("-", " ").padEnd(10)}  ${file.file}\n`)
    }
    const bad = files.filter((file) => file.state !== "ok")
    if (options.json) options.stdout.write(`${JSON.stringify({ ok: bad.length === 0, files }, null, 2)}\n`)
    if (bad.length === 0) return ExitCode.ok
    const ids = [...new Set(bad.map((file) => file.model))]
    options.stderr.write(
      `${bad.length} of ${files.length} files are not right. Run: npx jett models pull ${ids.join(" ")}\n`,
    )
    return bad.every((file) => file.state === "missing") ? ExitCode.modelMissing : ExitCode.failure
  })

/** `jett models pull`: see `pullModels`. The report is on stderr; stdout has one JSON object with `--json`. */
export const modelsPull = (options: ModelsPullOptions): Promise<number> =>
  withModels(options, options.all === true, async ({ manifest, models, directory }) => {
    const exit = await Effect.runPromiseExit(
      pullModels({
        manifest,
        models,
        directory,
        offline: options.offline === true,
        accept: (restriction) => accept(options, restriction),
        report: makePullProgress(options.stderr),
      }),
      options.signal === undefined ? undefined : { signal: options.signal },
    )
    if (Exit.isSuccess(exit)) {
      const { installed, alreadyThere } = exit.value
      if (options.json) writeJson(options, { ok: true, directory, installed, alreadyThere })
      else if (installed.length === 0)
        options.stderr.write(`All ${alreadyThere.length} files are there and verified.\n`)
      return ExitCode.ok
    }
    const failure = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
    if (failure === undefined) {
      const interrupted = Cause.hasInterruptsOnly(exit.cause)
      const message = interrupted
        ? "interrupted; run the same command again to continue"
        : Cause.pretty(exit.cause)
      options.stderr.write(`\njett models pull: ${message}\n`)
      return interrupted ? ExitCode.interrupted : ExitCode.failure
    }
    options.stderr.write(`jett models pull: ${failure.message}\n${fixFor(failure, options)}`)
    if (options.json)
      writeJson(options, { ok: false, directory, reason: failure.reason, missing: failure.files })
    return failure.reason === "offline" ? ExitCode.modelMissing : ExitCode.failure
  })

const fixFor = (failure: PullFailure, options: ModelsPullOptions): string => {
  const command = [
    "npx jett models pull",
    ...(options.ids ?? []),
    ...(options.all === true ? ["--all"] : []),
  ].join(" ")
  switch (failure.reason) {
    case "licence":
      return `To accept it: ${command} --accept-licence\nor set JETT_ACCEPT_LICENCES=1\n`
    case "offline":
      return `With a network: ${command}\n`
    default:
      return ""
  }
}

const accept = async (options: ModelsPullOptions, restriction: RestrictedLicence): Promise<boolean> => {
  const text = describeRestriction(restriction)
  if (options.acceptLicence === true || acceptedByEnvironment(options.env ?? process.env)) {
    options.stderr.write(`Licence accepted: ${text}\n`)
    return true
  }
  const input = options.stdin
  if (input?.isTTY !== true || options.stderr.isTTY !== true) return false
  options.stderr.write(`${text}\n`)
  const prompt = createInterface({ input, terminal: false })
  const stop = () => prompt.close()
  options.signal?.addEventListener("abort", stop, { once: true })
  try {
    options.stderr.write('Type "yes" to accept: ')
    for await (const answer of prompt) return /^\s*y(es)?\s*$/i.test(answer)
    return false
  } finally {
    options.signal?.removeEventListener("abort", stop)
    prompt.close()
  }
}

interface Chosen {
  readonly manifest: Manifest
  readonly models: readonly ManifestModel[]
  readonly directory: string
}

const withModels = async (
  options: ModelsOptions,
  allByDefault: boolean,
  use: (chosen: Chosen) => Promise<number>,
): Promise<number> => {
  try {
    const manifest = options.manifest ?? loadManifest()
    const ids = options.ids === undefined || options.ids.length === 0 ? undefined : options.ids
    const everything = manifest.models.map((model) => model.id)
    const selected = selectModels(manifest, ids ?? (allByDefault ? everything : undefined))
    if (Result.isFailure(selected)) {
      options.stderr.write(`jett models: ${selected.failure.message}\n`)
      return ExitCode.usage
    }
    return await use({
      manifest,
      models: selected.success,
      directory: options.directory,
    })
  } catch (error) {
    if (options.signal?.aborted === true) return ExitCode.interrupted
    if (!(error instanceof ManifestError)) throw error
    options.stderr.write(`jett models: ${error.message}\n`)
    return ExitCode.failure
  }
}

const writeJson = (options: ModelsOptions, value: unknown): void => {
  options.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

const collect = async <T>(items: AsyncIterable<T>): Promise<readonly T[]> => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
