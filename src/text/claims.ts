import type { SpokenContainer } from "./container-names.ts"

/** One of the alternatives, as a group. */
const any = (...lists: readonly string[]): string =>
  `(?:${lists.join(" ").trim().split(/\s+/).join("|")})`.replaceAll("_", " ")

// "_" is a space within one alternative.
const OPERATED =
  "restarted rebooted relaunched redeployed stopped started shut_down shut_off turned_(?:on|off|up|down|it|the|your) switched_(?:on|off|it|the) killed terminated paused unpaused resumed deleted removed recreated rebuilt pruned cleared reset disabled enabled muted unmuted restored backed_up updated upgraded deployed rolled_back brought_(?:back|up|down|it|the|n8n) powered_(?:on|off|down) fixed"
const ARRANGED =
  "set scheduled cancelled canceled created added changed adjusted configured launched saved executed applied installed uninstalled sent"
const SETTLED =
  "done completed finished handled sorted taken_care_of lowered raised increased decreased reduced opened closed locked unlocked dimmed stored renamed checked verified looked_(?:at|into) processed triggered initiated made_the_change made_that_change"
const BASE =
  "restart reboot start(?!_(?:with|by|from|off|out)) stop kill terminate pause resume delete remove set schedule cancel create add(?!_that) change update upgrade deploy redeploy turn_(?:on|off|up|down|it|the|your) switch_(?:on|off|it|the) shut mute unmute enable disable launch execute apply install uninstall reset clear rebuild recreate restore back_up fix handle do_(?:that|it|this|so) take_care_of send save lower raise adjust configure roll_back bring_(?:it|the|back|up|down) power_(?:on|off|down) initiate trigger proceed"
const DOING =
  "restarting rebooting starting(?!_to) stopping killing terminating pausing resuming deleting removing setting scheduling cancelling canceling creating adding changing updating upgrading deploying redeploying turning_(?:on|off|up|down|it|the|your) switching_(?:on|off|it|the) shutting muting unmuting enabling disabling launching executing applying installing uninstalling resetting clearing rebuilding recreating restoring backing_up fixing handling doing_(?:that|it|this|so) taking_care_of sending saving lowering raising adjusting configuring rolling_back bringing_(?:it|the|back|up) powering initiating triggering proceeding"

const ADVERBS =
  "(?: (?:just|now|already|also|successfully|gone ahead and|went ahead and|go ahead and|going ahead and|simply|then|quickly|currently|immediately|finally|both|actually|safely|gladly|happily|certainly|definitely|all|automatically|gracefully|first))*"

/** Said without anything else, or after "okay": the action is what the user asked for. */
const ALONE =
  /^(?:(?:all|it is|it has been|that is|that has been|this is|everything is|everything has been|you are|we are|i am|and|job|now|consider it|consider that|mission|task|action|operation|request|command|restart|shutdown|update|that should be|it should be|successfully) )*(?:done|complete|completed|finished|all set|set|accomplished|taken care of|sorted|handled|successful|good to go|on it|executed|success|will do|right away|coming right up|in progress)(?:,? (?:now|for you|sir|boss|successfully))*$/

const FIRST_PERSON: readonly RegExp[] = [
  `\\b(?:i|we) have${ADVERBS} ${any(OPERATED, ARRANGED, SETTLED)}\\b`,
  `\\bi${ADVERBS} ${any(OPERATED, ARRANGED)}\\b`,
  `\\bi${ADVERBS} (?:did (?:that|it|so|this)|checked|took care of|managed to ${any(BASE)}|was able to ${any(BASE)})\\b`,
  `\\b(?:i|we) (?:am|are)${ADVERBS} (?:(?:going|about) to${ADVERBS} )?${any(BASE, DOING)}\\b`,
  `\\b(?:i|we) (?:will|shall)${ADVERBS} (?:be |try to |have to )?${any(BASE, DOING)}\\b`,
  `\\b(?:i|we) (?:will|shall)${ADVERBS} (?:get (?:that|it|this)|have (?:that|it|this)|see to|make sure)\\b`,
  `\\b(?:let me|allow me to|let us)${ADVERBS} ${any(BASE)}\\b`,
  `\\bwhile i ${any(BASE)}\\b`,
].map((source) => new RegExp(source))

const NAME =
  "(?!(?:it|that|this|they|nothing|none|no|who|what|which|there|he|she|you|i|we)\\b)[a-z0-9][\\w.-]*"
/** What Jett acts on; of anything else in the world the third person tells what others did. */
const NOUN = any(
  "containers? services? server database instance stack process app application workflow system machine computer host timers? alarms? reminders? volume lights? music backup job task request operation restart shutdown microphone mic deployment pod changes? settings? configuration countdown",
)
const ITS = "(?:the|your|this|that|my|our|both|all|all the|all your|all of the|all of your)"
const THING = `${ITS} (?:[\\w.-]+ ){0,4}?${NOUN}`
const NAMED = `(?:${NAME}(?:(?:,| and|, and) ${NAME}){0,5}(?: ${NOUN})?)`
const PRONOUN = "(?:it|that|this|they|everything|those|these)"

/** What may follow where the subject is only a name or a pronoun. */
const TAIL =
  "(?=$|,| and\\b| so\\b| now\\b| just\\b| again\\b| successfully\\b| as requested| as you | as asked| for you\\b| for (?:\\S+ ){1,3}(?:seconds?|minutes?|hours?)| without\\b| at \\d| to \\d| a moment| moments? | shortly\\b| right away| immediately| up\\b)"

const BE_DONE = `(?:(?:has|have)${ADVERBS} been|(?:will|is going to|are going to)${ADVERBS} be|(?:is|are|was|were)(?: now| being)*)`
const IS_GOING = `(?:(?:is|are)${ADVERBS} (?:restarting|rebooting|stopping|shutting down|starting up|starting|(?:now|back) (?:up|online|running|in operation|working|stopped|off|muted)|back up|up and running|coming back)|(?:has|have)${ADVERBS} (?:restarted|rebooted|stopped|started|shut down|resumed)|will${ADVERBS} (?:restart|stop|ring|go off|start|shut down)(?= (?:now|shortly|in|at|momentarily)\\b|$))`

const THIRD_PERSON: readonly RegExp[] = [
  `^${THING} ${BE_DONE}${ADVERBS} ${any(OPERATED, ARRANGED, SETTLED)}\\b(?! (?:with|using|via|when|if|whenever|automatically|at boot|on boot|every|each|unless|until|only|because|as soon|in a file|through|to be)\\b)`,
  `^(?:${NAMED}|${PRONOUN}) ${BE_DONE}${ADVERBS} ${any(OPERATED)}${TAIL}`,
  `^${PRONOUN} ${BE_DONE}${ADVERBS} ${any(ARRANGED, SETTLED)}${TAIL}`,
  `^${THING} ${IS_GOING}`,
  `^(?:${NAMED}|${PRONOUN}) ${IS_GOING}${TAIL}`,
  `^(?:(?:${ITS} |a |an )?(?:[\\w.-]+ ){0,4}?${NOUN}|${NAMED})${ADVERBS} ${any("restarted rebooted stopped started paused resumed deleted removed killed updated muted set scheduled cancelled canceled created saved enabled disabled")}${TAIL}`,
].map((source) => new RegExp(source))

const OBJECT = `(?:${ITS}|it|them|everything|an? (?:[\\w.-]+ ){0,3}(?:timer|alarm|reminder)|${NAME}(?: and ${NAME})?(?: ${NOUN})?${TAIL})`
/** "Restarting n8n now", "Stopped the container": without a subject, but for an explanation of what that does. */
const BARE = new RegExp(
  `^(?:have )?${ADVERBS.replace("(?: (", "(?:(").replace("))*", ") )*")}${any(DOING, OPERATED, ARRANGED)} ${OBJECT}`,
)
const EXPLAINS =
  /\b(?:is|are|was|will|can|may|might|should|would|could|does|do|did|means|takes|requires|needs|helps|makes|causes|frees|clears|involves|involved|often|usually|has|have|lets|allows|ends|keeps|restores|loses|works|involve)\b/

/** History and the news: somebody else did it, at some time. */
const WORLD =
  /\b(?:in|since|during|around|until|from|before|after) (?:the )?(?:(?:early|late|mid)[ -])?(?:\d{3,4}s?|january|february|march|april|may|june|july|august|september|october|november|december|\d{1,2}(?:st|nd|rd|th) century|\w+ century)\b|\bby (?!me\b|jett\b)[a-z]/

const CONDITION = /^(?:if|when|whenever|once|before|until|unless|suppose|assuming|in case)\b/
const SUBORDINATE = /^(?:after|while|as soon as|because|since|although|to|by|for|how)\b/
const OFFER =
  /\bif you(?: would)? (?:like|want|wish|say|confirm|ask|agree|tell|need|prefer)|\bjust (?:say|ask|tell)\b|\blet me know\b|\bwhen you\b/
const FUTURE = /\b(?:i|we) (?:will|shall)\b/
const INVERTED = /^(?:did|do|does|have|has|should|shall|can|could|may|would|will|what|why|how|when|is|are)\b/

/**
 * Whether a clause of the model's claims that something was, is being or will be done: "I've restarted n8n", "Done!",
 * "Your timer is set". Such a thing is said from a receipt or not at all. Questions, offers, explanations, denials and
 * general knowledge are no claims. Where it is in doubt a claim is assumed of what only Jett could have done, and none
 * of what is told about the world. `containers` are known by all of their names. English; total.
 */
export function claimsAction(clause: string, containers: readonly SpokenContainer[] = []): boolean {
  const isQuestion = /\?[^\p{L}\p{N}]*$/u.test(clause)
  const text = withNames(plain(clause), containers)
  const said = text.replace(INTERJECTIONS, "")
  if (!isQuestion && (ALONE.test(text) || ALONE.test(said))) return true
  if (CONDITION.test(said)) return false
  if (FIRST_PERSON.some((pattern) => pattern.test(said))) {
    return !(isQuestion && INVERTED.test(said)) && !(FUTURE.test(said) && OFFER.test(said))
  }
  if (isQuestion || SUBORDINATE.test(said) || WORLD.test(said)) return false
  return THIRD_PERSON.some((pattern) => pattern.test(said)) || (BARE.test(said) && !EXPLAINS.test(said))
}

/** "n8n" for "n eight n": a name is one word above, and the model reads the spoken ones. */
const withNames = (text: string, containers: readonly SpokenContainer[]): string =>
  containers.reduce(
    (named, { name, spoken }) =>
      spoken
        .map((way) => plain(way))
        .filter((way) => way.includes(" "))
        .reduce((before, way) => before.replace(wholeWords(way), name), named),
    text,
  )

const wholeWords = (words: string): RegExp =>
  new RegExp(`(?<![\\w.-])${words.replaceAll(".", "\\.")}(?![\\w-])`, "g")

/** Before what is said, and in themselves no claim. */
const INTERJECTIONS =
  /^(?:(?:okay|ok|sure thing|sure|alright|all right|yes|yeah|yep|no problem|great|perfect|certainly|absolutely|of course|got it|understood|very well|fine|good|excellent|thanks|thank you|please wait|one moment|hold on|well|so|and|then|now|but|also|no worries|affirmative|as (?:you )?(?:requested|asked|wished)|you got it|good news|sorry|alright then|done(?=, )|right(?! away))(?:,? |$))+/

const CONTRACTED: readonly (readonly [RegExp, string])[] = [
  [/\bi'm\b/g, "i am"],
  [/'ve\b/g, " have"],
  [/'ll\b/g, " will"],
  [/'re\b/g, " are"],
  [/\blet's\b/g, "let us"],
  [/'s(?= (?:just |now |already |successfully )*been\b)/g, " has"],
  [/\b(it|that|this|everything|he|she|there|what)'s\b/g, "$1 is"],
  [/'s(?= (?:being|now|just|already|back|up|stopped|restarting|stopping|set|done|running)\b)/g, " is"],
]

/** Lower case, contractions spelled out, one space between words; commas stay, other marks go. */
const plain = (clause: string): string => {
  const lower = clause.normalize("NFKC").toLowerCase().replace(/[‘’]/g, "'")
  const spelled = CONTRACTED.reduce((text, [short, long]) => text.replace(short, long), lower)
  return spelled
    .replace(/[^\p{L}\p{N},'._-]+/gu, " ")
    .replace(/\.(?=\s|$)/g, " ")
    .replace(/(?:^|\s)[-'._]+|[-'._]+(?=\s|$)/g, " ")
    .replace(/\s+/g, " ")
    .replace(/ ?,[ ,]*/g, ", ")
    .replace(/^[, ]+|[, ]+$/g, "")
}
