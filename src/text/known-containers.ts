/** How a widely used container is called aloud. */
export interface KnownContainer {
  readonly name: string
  /** For Jett's own sentences. */
  readonly spoken: string
  /** Other ways in which it is said or written down by speech to text. */
  readonly aliases: readonly string[]
}

/**
 * Aliases that a container of this name has without being told. The odd spellings are what Moonshine tiny wrote when
 * these names were spoken to it; `jett tools hear NAME` finds more.
 */
const KNOWN: readonly KnownContainer[] = [
  {
    name: "n8n",
    spoken: "n eight n",
    aliases: [
      ...["n 8n", "n8 n", "n a n", "nan", "nat n", "innate end", "innate n", "innate in"],
      ...["and eight n", "and ate in", "and aid in", "and ape in", "and a n"],
    ],
  },
  {
    name: "postgres",
    spoken: "postgres",
    aliases: ["post gres", "postgresql", "postgres sql", "posters", "post series"],
  },
  { name: "qdrant", spoken: "quadrant", aliases: ["quadrants", "q drant"] },
  { name: "portainer", spoken: "portainer", aliases: ["port tainer", "portain her"] },
]

export const knownContainer = (name: string): KnownContainer | undefined =>
  KNOWN.find((known) => known.name === name)
