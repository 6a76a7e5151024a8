import { randomBytes, scrypt, timingSafeEqual } from "node:crypto"

/** What is kept of a PIN. */
export interface PinHash {
  /** Lower-case hex, 16 bytes. New for each PIN, so it also tells one PIN from the next. */
  readonly salt: string
  /** Lower-case hex, 32 bytes. */
  readonly hash: string
  /** log2 of scrypt's cost N. */
  readonly costLog2: number
}

/**
 * N = 2^15, r = 8, p = 3: one of the settings of OWASP's password storage cheat sheet; 32 MiB and about 0.2 s. It makes
 * guessing through Jett slow. Whoever has the file tries all the PINs of four digits within the hour: what protects
 * the file is that only its user can read it.
 */
const COST_LOG2 = 15
const BLOCK_SIZE = 8
const PARALLEL = 3
const HASH_BYTES = 32
const SALT_BYTES = 16

export const hashPin = async (pin: string, costLog2 = COST_LOG2): Promise<PinHash> => {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(pin, salt, costLog2)
  return { salt: salt.toString("hex"), hash: hash.toString("hex"), costLog2 }
}

export const matchesPin = async (pin: string, kept: PinHash): Promise<boolean> => {
  const hash = await derive(pin, Buffer.from(kept.salt, "hex"), kept.costLog2)
  return timingSafeEqual(hash, Buffer.from(kept.hash, "hex"))
}

/** Of the right shape, and with a cost that takes neither no time nor all the memory. */
export const isPinHash = (found: object): found is PinHash =>
  "salt" in found &&
  "hash" in found &&
  "costLog2" in found &&
  isHex(found.salt, SALT_BYTES) &&
  isHex(found.hash, HASH_BYTES) &&
  Number.isInteger(found.costLog2) &&
  Number(found.costLog2) >= 10 &&
  Number(found.costLog2) <= 18

const isHex = (found: unknown, bytes: number): boolean =>
  typeof found === "string" && found.length === 2 * bytes && /^[0-9a-f]+$/.test(found)

const derive = (pin: string, salt: Buffer, costLog2: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const cost = { N: 2 ** costLog2, r: BLOCK_SIZE, p: PARALLEL }
    const maxmem = 256 * BLOCK_SIZE * cost.N
    scrypt(pin, salt, HASH_BYTES, { ...cost, maxmem }, (error, hash) =>
      error === null ? resolve(hash) : reject(error),
    )
  })
