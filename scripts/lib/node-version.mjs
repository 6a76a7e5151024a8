const NEEDED = [20, 20]

/** Why this Node cannot run Jett, in one line; undefined where it can. `version` is `20.20.2`. */
export const nodeProblem = (version) => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return undefined
  return `found Node ${version}, needs ${NEEDED.join(".")} or newer: install a current Node (nodejs.org, or your version manager) and run the same command again`
}
