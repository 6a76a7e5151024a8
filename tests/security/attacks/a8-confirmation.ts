import { answers } from "./a8-answers.ts"
import { orders } from "./a8-orders.ts"
import { pins } from "./a8-pins.ts"
import type { AttackCase } from "./attack-case.ts"

export const confirmation: readonly AttackCase[] = [...answers, ...orders, ...pins]
