import { footprintOf } from "../../src/machines/residency/footprint-trust.ts"
import type {
  LedgerCommand,
  LedgerEvent,
  LedgerState,
  LedgerStep,
  Residence,
  TenantRecord,
} from "../../src/machines/residency/residency-types.ts"
import { type LedgerUnderTest, REAL_LEDGER } from "./residency-under-test.ts"

type Account = LedgerUnderTest["account"]
export const { account } = REAL_LEDGER

export const withAccount = (broken: Account): LedgerUnderTest => ({ ...REAL_LEDGER, account: broken })

/** The real ledger hears something else, or nothing. */
export const hearing = (
  heard: (event: LedgerEvent, state: LedgerState) => LedgerEvent | undefined,
): LedgerUnderTest =>
  withAccount((state, event) => {
    const other = heard(event, state)
    return other === undefined ? { state, commands: [] } : account(state, other)
  })

export const saying = (says: (command: LedgerCommand) => boolean): LedgerUnderTest =>
  withAccount((state, event) => {
    const step = account(state, event)
    return { ...step, commands: step.commands.filter(says) }
  })

export const withStays = (
  state: LedgerState,
  change: (residence: Residence, tenant: TenantRecord) => Residence,
): LedgerState => ({
  ...state,
  tenants: state.tenants.map((tenant) =>
    tenant.residence === undefined ? tenant : { ...tenant, residence: change(tenant.residence, tenant) },
  ),
})

/** For the length of a step some of what is committed is not counted; afterwards the books look right again. */
export const overlooking = (
  overlooked: (residence: Residence, tenant: TenantRecord) => boolean,
): LedgerUnderTest =>
  withAccount((state, event) => {
    const seen = withStays(state, (stay, tenant) =>
      overlooked(stay, tenant) ? { ...stay, footprintMib: 0 } : stay,
    )
    return shownRight(account(seen, event))
  })

const shownRight = ({ state, commands }: LedgerStep): LedgerStep => {
  const mibOf = (variant: Residence["variant"]): number =>
    footprintOf(variant, state.footprints[variant.footprintKey]).committedMib
  return {
    state: withStays(state, (stay) => ({
      ...stay,
      footprintMib: Math.max(mibOf(stay.variant), stay.visibleMib ?? 0),
    })),
    commands: commands.map((command) =>
      command.type === "grant"
        ? {
            ...command,
            grants: command.grants.map((grant) => ({
              ...grant,
              footprintMib: Math.max(grant.footprintMib, mibOf(grant.variant)),
            })),
          }
        : command,
    ),
  }
}
