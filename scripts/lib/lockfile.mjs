const SYSTEMS = new Set([
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
])
const PROCESSORS = new Set([
  "arm",
  "arm64",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "wasm32",
  "x64",
])
const LIBRARIES = new Map([
  ["gnu", "glibc"],
  ["musl", "musl"],
])

/** The platform that the name of a platform package says: `cli-linux-x64-musl`. Without it npm would install it here. */
const platformOf = (name) => {
  const words = name.split(/[^a-z0-9]+/)
  const pick = (known) => words.filter((word) => known.has(word))
  const os = pick(SYSTEMS)
  const cpu = pick(PROCESSORS)
  const libc = os.includes("linux") ? pick(LIBRARIES).map((word) => LIBRARIES.get(word)) : []
  return {
    ...(cpu.length > 0 && { cpu }),
    ...(libc.length > 0 && { libc }),
    ...(os.length > 0 && { os }),
  }
}

/** The folders in which Node looks for what the package at `path` needs, nearest first. */
const foldersFrom = (path) => {
  const folders = [path === "" ? "node_modules" : `${path}/node_modules`]
  for (
    let at = path.lastIndexOf("node_modules/");
    at >= 0;
    at = at === 0 ? -1 : path.lastIndexOf("node_modules/", at - 1)
  ) {
    folders.push(`${path.slice(0, at)}node_modules`)
  }
  return [...new Set(folders)]
}

/**
 * Entries for the optional dependencies that no entry of `packages` (of a lockfile, version 3) satisfies. Only exact
 * versions are added: platform packages are asked for by those, and a range could not be resolved without a registry.
 */
export const missingOptionals = (packages) => {
  const added = {}
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (foldersFrom(path).some((folder) => packages[`${folder}/${name}`] !== undefined)) continue
      if (!/^\d+\.\d+\.\d+[\w.+-]*$/.test(version)) continue
      const { cpu, libc, os } = platformOf(name)
      added[`node_modules/${name}`] = {
        version,
        ...(cpu && { cpu }),
        ...(entry.dev && { dev: true }),
        ...(libc && { libc }),
        optional: true,
        ...(os && { os }),
      }
    }
  }
  return added
}
