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
