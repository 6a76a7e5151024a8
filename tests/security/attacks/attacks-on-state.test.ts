import { identity } from "./a3-identity.ts"
import { mutation } from "./a5-mutation.ts"
import { rate } from "./a6-rate.ts"
import { runAttacks } from "./run-attacks.ts"

runAttacks("A3", "identity", identity)
runAttacks("A5", "mutation of what is in memory", mutation)
runAttacks("A6", "rate and time", rate)
