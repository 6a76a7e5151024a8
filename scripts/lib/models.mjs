import { capture, run } from "./run.mjs"

/** The first lines of the verbs that accept for the user; they never wait for an answer. */
export const licenceNotice = (verb) =>
  `the wake word's weights are for non-commercial use only (CC BY-NC-SA 4.0,\n` +
  `      https://creativecommons.org/licenses/by-nc-sa/4.0/). Running "npm ${verb === "test" ? "test" : `run ${verb}`}" accepts that.`

/**
 * Fetches the default models that are missing, and those that `also` names, by `jett models pull`, which says first how many MB go where.
 * Resolves to an exit code.
 */
export const ensureModels = async ({ cli, say, also = [], acceptLicences, offline }) => {
  const listed = await capture(process.execPath, [cli, "models", "ls", "--json"])
  if (listed.code !== 0) {
    say(`cannot list the models (exit code ${listed.code})`)
    return listed.code
  }
  const missing = JSON.parse(listed.stdout).filter(
    (model) => (model.default || also.includes(model.id)) && !model.installed,
  )
  if (missing.length === 0) return 0
  say(`fetching models that are not here yet: ${missing.map((model) => model.id).join(", ")}`)
  const args = [cli, "models", "pull", ...missing.map((model) => model.id)]
  if (acceptLicences) args.push("--accept-licence")
  if (offline) args.push("--offline")
  const code = await run(process.execPath, args)
  if (code !== 0) say(`not every model could be fetched (exit code ${code}); the reasons are above`)
  return code
}
