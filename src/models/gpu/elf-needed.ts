import { type FileHandle, open } from "node:fs/promises"

const PT_LOAD = 1
const PT_DYNAMIC = 2
const DT_NULL = 0
const DT_NEEDED = 1
const DT_STRTAB = 5
const X86_64 = 62
const MAX_NAME_BYTES = 256

interface ProgramHeader {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly size: number
}

/**
 * The libraries that a shared library asks the loader for (`readelf -d`, NEEDED), from the file itself: which CUDA it
 * was built for is written nowhere else. Reads a few KB of it. Rejects for anything but a 64-bit x86 ELF file. Layout:
 * elf(5).
 */
export async function neededLibraries(path: string): Promise<readonly string[]> {
  const file = await open(path)
  try {
    const headers = await programHeaders(file, path)
    const { names, strings } = await dynamicSection(file, headers)
    // The table of strings is given by its address in memory; the segment that holds it says where it is in the file.
    const segment = headers.find(
      ({ type, address, size }) => type === PT_LOAD && strings >= address && strings < address + size,
    )
    if (segment === undefined) return []
    const table = strings - segment.address + segment.offset
    const found: string[] = []
    for (const name of names) {
      const bytes = await read(file, table + name, MAX_NAME_BYTES)
      found.push(bytes.toString("latin1", 0, bytes.indexOf(0)))
    }
    return found
  } finally {
    await file.close()
  }
}

async function programHeaders(file: FileHandle, path: string): Promise<readonly ProgramHeader[]> {
  const elf = await read(file, 0, 64)
  const isElf = elf.readUInt32BE(0) === 0x7f454c46 && elf[4] === 2 && elf[5] === 1
  if (!isElf || elf.readUInt16LE(18) !== X86_64) throw new Error(`${path} is no library for x86-64 Linux`)
  const stride = elf.readUInt16LE(54)
  const count = elf.readUInt16LE(56)
  const table = await read(file, Number(elf.readBigUInt64LE(32)), stride * count)
  return Array.from({ length: count }, (_, index) => ({
    type: table.readUInt32LE(index * stride),
    offset: Number(table.readBigUInt64LE(index * stride + 8)),
    address: Number(table.readBigUInt64LE(index * stride + 16)),
    size: Number(table.readBigUInt64LE(index * stride + 32)),
  }))
}

async function dynamicSection(file: FileHandle, headers: readonly ProgramHeader[]) {
  const names: number[] = []
  let strings = -1
  const dynamic = headers.find((header) => header.type === PT_DYNAMIC)
  if (dynamic === undefined) return { names, strings }
  const entries = await read(file, dynamic.offset, dynamic.size)
  for (let at = 0; at + 16 <= entries.length; at += 16) {
    const tag = Number(entries.readBigInt64LE(at))
    const value = Number(entries.readBigUInt64LE(at + 8))
    if (tag === DT_NULL) break
    if (tag === DT_NEEDED) names.push(value)
    if (tag === DT_STRTAB) strings = value
  }
  return { names, strings }
}

/** Zeros stand for what lies past the end. */
async function read(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes)
  await file.read(buffer, 0, bytes, offset)
  return buffer
}
