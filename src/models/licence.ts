import { fileLabel, type Licence, type Manifest, type WantedFile } from "./manifest.ts"

/** A licence that forbids commercial use, and the files it covers. */
export interface RestrictedLicence {
  readonly id: string
  readonly licence: Licence
  readonly files: readonly WantedFile[]
}

/** The licences that must be accepted before `wanted` may be fetched, each once. */
export const restrictedLicences = (
  manifest: Manifest,
  wanted: readonly WantedFile[],
): readonly RestrictedLicence[] => {
  const found = new Map<string, RestrictedLicence>()
  for (const entry of wanted) {
    const id = entry.file.licence
    const licence = manifest.licences[id]
    if (licence === undefined || !licence.nonCommercial) continue
    found.set(id, { id, licence, files: [...(found.get(id)?.files ?? []), entry] })
  }
  return [...found.values()]
}

/** One line a licence: what it covers, its name and where it can be read. */
export const describeRestriction = (restriction: RestrictedLicence): string => {
  const files = restriction.files.map((entry) => fileLabel(entry.model, entry.file)).join(", ")
  return `${files}: for non-commercial use only (${restriction.licence.name}, ${restriction.licence.url})`
}

/** `JETT_ACCEPT_LICENCES=1` accepts; anything else, an empty value included, does not. */
export const acceptedByEnvironment = (env: Readonly<Record<string, string | undefined>>): boolean =>
  env["JETT_ACCEPT_LICENCES"] === "1"
