import { failure } from "./a10-failure.ts"
import { cascade } from "./a11-cascade.ts"
import { runAttacks } from "./run-attacks.ts"

runAttacks("A10", "parts that fail", failure)
runAttacks("A11", "floods and loops", cascade)
