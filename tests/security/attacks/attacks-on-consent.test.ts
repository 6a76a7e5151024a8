import { confirmation } from "./a8-confirmation.ts"
import { runAttacks } from "./run-attacks.ts"

runAttacks("A8", "confirmation", confirmation)
