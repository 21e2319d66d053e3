/** What an interlock forbids to do with the thing that it stands on. Each is asked for by a transition: what nobody asks for would restrict nothing. */
export const restrictions = [
  'CONSUME',
  'MOVE',
  'PICK',
  'SHIP',
  'START_OPERATION',
  'COMPLETE_OPERATION',
  'SCHEDULE',
] as const;

export type Restriction = (typeof restrictions)[number];

/** A QMS, or an older Andon, may have forbidden what no transition does: nobody asks about that. */
export function knownRestrictions(recorded: readonly string[]): readonly Restriction[] {
  return recorded.filter((one): one is Restriction => (restrictions as readonly string[]).includes(one));
}
